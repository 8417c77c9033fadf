"""Databases for the conformance suite: tests of `db` and `empty_db` run on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.store import Database, migrate

_BIN = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _as_postgres():
    return {"user": "postgres"} if os.geteuid() == 0 else {}


@pytest.fixture(scope="session")
def postgres_url():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="dirigent-pg-")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else "postgres"
    subprocess.run(
        [_BIN / "initdb", "-D", f"{folder}/d", "-A", "trust", "-U", user, "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/tmp",
        **_as_postgres(),
    )
    server = subprocess.Popen(
        [_BIN / "postgres", "-D", f"{folder}/d", "-p", str(port), "-k", folder, "-c", "fsync=off"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/tmp",
        **_as_postgres(),
    )
    while subprocess.run([_BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
        assert server.poll() is None
    yield f"postgresql://{user}@127.0.0.1:{port}/postgres"
    server.terminate()
    server.wait()
    shutil.rmtree(folder)


@pytest.fixture
def sqlite_db(tmp_path):
    """An SQLite file without tables."""
    db = Database(f"sqlite:///{tmp_path / 'dirigent.db'}")
    yield db
    db.close()


@pytest.fixture(scope="session")
def postgres_admin(postgres_url):
    """A connection that may create databases."""
    url = sa.make_url(postgres_url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as session:
        yield session
    engine.dispose()


@pytest.fixture
def new_postgres_db(postgres_admin, postgres_url):
    """Make databases on the test server: from nothing, or as copies of another."""
    made = []

    def make(template=None):
        name = f"t_{uuid.uuid4().hex[:12]}"
        postgres_admin.exec_driver_sql(
            f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")
        )
        made.append(
            Database(sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
        )
        return made[-1]

    yield make
    for db in made:
        db.close()
        postgres_admin.exec_driver_sql(f"DROP DATABASE {db.url.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_template(postgres_admin, postgres_url):
    """The name of a database with all tables: copying it is faster than making them."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    postgres_admin.exec_driver_sql(f"CREATE DATABASE {name}")
    db = Database(sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
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
