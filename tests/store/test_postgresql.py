"""What only PostgreSQL's connections do: remember what they prepared, and die while nobody uses them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.store.engine import Database
from scheduler.store.postgresql import TRUSTED_S, USED_AT
from tests.services.postgres import connect

pytestmark = pytest.mark.postgres

#: psycopg prepares what it has sent so often before.
OFTEN = 6
PREPARED = sa.text("SELECT statement FROM pg_prepared_statements")
ME = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def db(empty_postgres_db):
    return empty_postgres_db


def ask(db: Database) -> int:
    with db.read() as session:
        return int(session.execute(ME).scalar_one())


def end(db: Database, pid: int) -> None:
    """Let the server end a connection, and wait until it has."""
    with connect(db.url.render_as_string(hide_password=False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def make_old(connection, record) -> None:
    record.info[USED_AT] -= 2 * TRUSTED_S


def test_reads_do_not_forget_what_was_prepared(db):
    for _ in range(OFTEN):
        ask(db)
    with db.read() as session:
        assert str(ME) in session.execute(PREPARED).scalars().all()


def test_a_connection_that_died_while_it_was_idle_is_replaced(db):
    sa.event.listen(db._backend.writes, "checkin", make_old)
    pid = ask(db)
    end(db, pid)
    assert ask(db) != pid


def test_so_is_one_that_died_just_after_its_use(db):
    pid = ask(db)
    end(db, pid)
    assert ask(db) != pid
