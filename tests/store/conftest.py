"""The databases of this suite, and a port that nobody uses."""

import socket

import pytest

from tests.store.databases import (  # noqa: F401 - fixtures
    db,
    empty_db,
    empty_postgres_db,
    migrated_sqlite_db,
    migrated_template,
    new_postgres_db,
    postgres_admin,
    postgres_db,
    sqlite_db,
    write,
)


@pytest.fixture
def unused_port():
    """A port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
