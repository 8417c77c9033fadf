"""Databases for the conformance suites: what takes `db` or `empty_db` runs on SQLite and on PostgreSQL.

Each test finds its database as if it were new. Those with tables are not made anew for each: a file is copied, a
PostgreSQL database restored.
"""

from __future__ import annotations

import shutil

import pytest

from scheduler.store import Database, migrate
from tests.services.postgres import database
from tests.services.scratch import Scratch


def _make_tables(url):
    db = Database(url)
    migrate.upgrade(db)
    db.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """An SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "dirigent.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def scratch(postgres_server):
    """A PostgreSQL database with all tables, for one test after another."""
    with database(postgres_server) as url:
        _make_tables(url)
        with Scratch(url) as kept:
            yield kept


@pytest.fixture
def sqlite_db(tmp_path):
    """An SQLite file without tables."""
    db = Database(f"sqlite:///{tmp_path / 'dirigent.db'}")
    yield db
    db.close()


@pytest.fixture
def migrated_sqlite_db(migrated_file, sqlite_db):
    """An SQLite file with all tables."""
    shutil.copy(migrated_file, sqlite_db.url.database)
    return sqlite_db


@pytest.fixture
def empty_postgres_db(postgres_url):
    """A PostgreSQL database without tables."""
    db = Database(postgres_url)
    yield db
    db.close()


@pytest.fixture
def postgres_db(scratch):
    """A PostgreSQL database with all tables."""
    scratch.restore()
    db = Database(scratch.url)
    yield db
    db.close()


@pytest.fixture(params=["sqlite_db", pytest.param("empty_postgres_db", marks=pytest.mark.postgres)])
def empty_db(request):
    """A database without tables, of each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["migrated_sqlite_db", pytest.param("postgres_db", marks=pytest.mark.postgres)])
def db(request):
    """A database with all tables, of each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def write(db):
    """Run one store function in a transaction of its own: write(function, *arguments)."""

    def run(function, *args, **kwargs):
        return db.transact(lambda session: function(session, *args, **kwargs))

    return run
