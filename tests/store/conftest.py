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

from scheduler.store import Database

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
    db = Database(f"sqlite:///{tmp_path / 'dirigent.db'}")
    yield db
    db.close()


@pytest.fixture
def postgres_db(postgres_url):
    name = f"t_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(
        sa.make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as session:
        session.exec_driver_sql(f"CREATE DATABASE {name}")
    db = Database(sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
    yield db
    db.close()
    with admin.connect() as session:
        session.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_db(request):
    """A database without tables."""
    return request.getfixturevalue("sqlite_db" if request.param == "sqlite" else "postgres_db")
