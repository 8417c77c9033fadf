"""Databases for the conformance suites: what takes `db` or `empty_db` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from scheduler.store import Database, migrate


@pytest.fixture
def sqlite_db(tmp_path):
    """An SQLite file without tables."""
    db = Database(f"sqlite:///{tmp_path / 'dirigent.db'}")
    yield db
    db.close()


@pytest.fixture(scope="session")
def postgres_admin(postgres_server):
    """A connection that may create databases."""
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as session:
        yield session
    engine.dispose()


@pytest.fixture
def new_postgres_db(postgres_admin, postgres_server):
    """Make databases on the test server: from nothing, or as copies of another."""
    made = []

    def make(template=None):
        name = f"t_{uuid.uuid4().hex[:12]}"
        postgres_admin.exec_driver_sql(
            f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")
        )
        made.append(
            Database(sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False))
        )
        return made[-1]

    yield make
    for db in made:
        db.close()
        postgres_admin.exec_driver_sql(f"DROP DATABASE {db.url.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_template(postgres_admin, postgres_server):
    """The name of a database with all tables: copying it is faster than making them."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    postgres_admin.exec_driver_sql(f"CREATE DATABASE {name}")
    db = Database(sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False))
    migrate.upgrade(db)
    db.close()
    yield name
    postgres_admin.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.fixture
def empty_postgres_db(new_postgres_db):
    """A PostgreSQL database without tables."""
    return new_postgres_db()


@pytest.fixture
def postgres_db(new_postgres_db, migrated_template):
    """A PostgreSQL database with all tables."""
    return new_postgres_db(migrated_template)


@pytest.fixture
def migrated_sqlite_db(sqlite_db):
    """An SQLite file with all tables."""
    migrate.upgrade(sqlite_db)
    return sqlite_db


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
