"""Tables come up, go down, and are the same by every way that leads to them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from scheduler.errors import NewerDatabase
from scheduler.store import Database, migrate
from scheduler.store.logs import put_chunks, read_chunks
from scheduler.store.migrations import HEAD, REVISIONS, run
from scheduler.store.outbox import claim_messages
from scheduler.store.tables import Instant, metadata, pool
from tests.operations.plays import started_run

_TOP = Path(__file__).parents[2]


def _by_alembic(db):
    with db.change_tables() as session:
        run.upgrade(session, "head")


def _by_creation(db):
    migrate.upgrade(db)


@pytest.fixture(params=[_by_alembic, _by_creation])
def upgraded(request, empty_db):
    request.param(empty_db)
    return empty_db


# Of SQLite, what an index of expressions is made of cannot be read back; the next test holds those.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_tables_and_metadata_agree(upgraded):
    with upgraded.read() as session:
        assert compare_metadata(MigrationContext.configure(session), metadata) == []


def test_both_ways_make_the_same_indexes(empty_db):
    _by_alembic(empty_db)
    migrated = _partial_indexes(empty_db)
    migrate.downgrade(empty_db, "base")
    _by_creation(empty_db)
    assert _partial_indexes(empty_db) == migrated
    assert len(migrated) > 20


def _partial_indexes(db):
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
    postgresql = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with db.read() as session:
        rows = session.exec_driver_sql(sqlite if session.dialect.name == "sqlite" else postgresql)
        return {tuple(row) for row in rows}


def test_a_new_database_has_the_default_pool(upgraded):
    with upgraded.read() as session:
        assert session.execute(sa.select(pool.c.name, pool.c.slots)).all() == [("default_pool", 128)]


def test_upgrading_twice_changes_nothing(upgraded):
    with upgraded.count() as count:
        migrate.upgrade(upgraded)
    assert count.commits == 0
    assert len([text for text in count.statements if "alembic_version" in text]) == 1


def test_down_to_base_leaves_no_table_of_ours_and_up_brings_them_back(upgraded):
    migrate.downgrade(upgraded, "base")
    with upgraded.read() as session:
        assert sa.inspect(session).get_table_names() == ["alembic_version"]
    assert migrate.current(upgraded) is None
    migrate.upgrade(upgraded)
    assert migrate.current(upgraded) == HEAD


def test_a_newer_database_is_refused(upgraded):
    with upgraded.write() as session:
        session.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        session.exec_driver_sql("UPDATE table_form SET oldest = '9999'")
    with pytest.raises(NewerDatabase, match=r"to 9999; this one knows up to.*Install that version"):
        migrate.upgrade(upgraded)


def test_the_revisions_named_in_the_program_are_those_of_alembic():
    script = ScriptDirectory(str(_TOP / "scheduler/store/migrations"))
    assert tuple(each.revision for each in script.walk_revisions())[::-1] == REVISIONS


def test_processes_that_start_together_wait_for_one_upgrade(empty_db):
    ready = threading.Barrier(4)
    found = []

    def start():
        db = Database(empty_db.url.render_as_string(hide_password=False))
        ready.wait(30)
        migrate.upgrade(db)
        found.append(migrate.current(db))
        db.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [HEAD] * 4


def test_a_failed_migration_leaves_the_database_as_it_was(empty_db):
    def fail():
        with empty_db.change_tables() as session:
            metadata.create_all(session)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with empty_db.read() as session:
        assert sa.inspect(session).get_table_names() == []


def test_alembics_own_command_upgrades_the_database_of_the_settings(empty_db):
    environ = {
        **os.environ,
        "PYTHONPATH": str(_TOP),
        "DIRIGENT_DATABASE_URL": empty_db.url.render_as_string(hide_password=False),
    }
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=_TOP, env=environ, check=True, capture_output=True)
    assert migrate.current(empty_db) == HEAD


def test_an_up_to_date_database_is_opened_without_alembic(sqlite_db):
    migrate.upgrade(sqlite_db)
    program = (
        "import sys; from scheduler.store import Database, migrate; migrate.upgrade(Database(sys.argv[1]));"
        "sys.exit('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", program, sqlite_db.url.render_as_string()]
    assert subprocess.run(command, cwd=_TOP, check=False).returncode == 0


def test_pieces_of_logs_keep_their_order_up_and_down(empty_db):
    migrate.upgrade(empty_db)
    empty_db.transact(lambda session: started_run(session, states={"a": "running"}))
    empty_db.transact(
        lambda session: put_chunks(session, [(1, 0, b"first"), (1, 5, b"second"), (1, 11, b"x")])
    )
    migrate.downgrade(empty_db, "0002")
    with empty_db.read() as session:
        found = session.exec_driver_sql("SELECT data FROM log_chunk ORDER BY seq").scalars()
        assert [bytes(data) for data in found] == [b"first", b"second", b"x"]
    migrate.upgrade(empty_db)
    with empty_db.read() as session:
        assert read_chunks(session, 1) == [(0, b"first"), (5, b"second"), (11, b"x")]
        assert session.exec_driver_sql("SELECT timetable_type FROM dag").all() == [("NullTimetable",)]


def test_messages_that_wait_keep_whom_they_are_for(empty_db):
    migrate.upgrade(empty_db)
    migrate.downgrade(empty_db, "0007")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    payload = {
        "recipient": 1,
        "kind": "run_failed",
        "dag_id": "orders",
        "dag_run_id": "r1",
        "reason": "failed: a",
    }
    columns = sa.table("outbox", *(sa.column(name) for name in ("dedupe_key", "tries", "error")))
    columns.append_column(sa.column("payload", sa.JSON()))
    columns.append_column(sa.column("created_at", Instant()))
    columns.append_column(sa.column("next_try_at", Instant()))
    with empty_db.write() as session:
        row = {"dedupe_key": "k", "payload": payload, "tries": 0, "error": ""}
        values = sa.insert(columns).values(**row | {"created_at": now, "next_try_at": now})
        session.execute(values)
    migrate.upgrade(empty_db)
    with empty_db.write() as session:
        [message] = claim_messages(session, now, 10, now, ["notify_on_failure:2"])
    assert message.payload["title"] == "orders failed"
    assert "Run r1 of orders failed: failed: a" in message.payload["body"]
