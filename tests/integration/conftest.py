"""Installations for tests: one that many tests share, and new ones for those that stop or starve it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scheduler.store import Database, migrate
from tests.integration.project import Project, project
from tests.services.postgres import database


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Project]:
    """A running `dirigent up`, shared by tests that use DAGs of their own."""
    with project(tmp_path_factory.mktemp("embedded") / "shop", parallelism="8") as made:
        made.with_tables(migrated_file).start()
        yield made


@pytest.fixture
def new_project(tmp_path: Path, migrated_file: Path) -> Iterator[Callable[..., Project]]:
    """Make a project with settings; nothing is started yet. It has its tables, unless told of another database."""
    with ExitStack() as projects:

        def make(**settings: str) -> Project:
            made = projects.enter_context(project(tmp_path / "shop", **settings))
            return made if "database_url" in settings else made.with_tables(migrated_file)

        yield make


@pytest.fixture
def bare_project(tmp_path: Path) -> Iterator[Project]:
    """A project without so much as a home."""
    with project(tmp_path / "shop") as made:
        yield made


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database with all tables, to be copied."""
    with database(postgres_server) as url:
        db = Database(url)
        migrate.upgrade(db)
        db.close()
        yield str(db.url.database)


@pytest.fixture
def tables_url(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database with all tables of this test's own: no server need make them."""
    with database(postgres_server, migrated_postgres) as url:
        yield url
