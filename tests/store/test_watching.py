"""A process that waits hears of what another one has written."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from scheduler.store import Database, request_wake
from scheduler.store.postgres_watch import TELL_EVERY_S, PostgresWatch
from scheduler.store.sqlite_watch import SqliteWatch
from scheduler.store.transaction import keep_quiet

_TOP = Path(__file__).parents[2]
_PAUSE = """
import sys
from scheduler.store import Database, request_wake
db = Database(sys.argv[1])
with db.write() as session:
    session.exec_driver_sql("UPDATE pool SET slots = slots + 1")
    request_wake(session)
db.close()
"""


def _write_elsewhere(db):
    url = db.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", _PAUSE, url], cwd=_TOP, check=True)


def _write(db):
    with db.write() as session:
        session.exec_driver_sql("UPDATE pool SET slots = slots + 1")
        request_wake(session)


def _watch(db):
    """Start to watch; a listener wakes once when it is connected, for what was missed before."""
    db.watch()
    assert db.url.get_backend_name() == "sqlite" or db.wake.wait(30)


def test_what_another_process_writes_wakes_this_one(db):
    _watch(db)
    _write_elsewhere(db)
    assert db.wake.wait(30)


def test_two_watching_processes_wake_each_other(db):
    other = Database(db.url.render_as_string(hide_password=False))
    for each in (db, other):
        _watch(each)
    _write(db)
    assert other.wake.wait(30)
    assert db.wake.wait(0), "its own write"
    _write(other)
    assert db.wake.wait(30)
    other.close()


def test_own_writes_are_not_taken_for_those_of_others(migrated_sqlite_db):
    watch = SqliteWatch(migrated_sqlite_db._backend, lambda: None)
    watch.close()
    _write(migrated_sqlite_db)
    assert not watch.look()
    _write_elsewhere(migrated_sqlite_db)
    assert watch.look()
    assert not watch.look()


def test_a_mark_changes_with_each_commit_of_anybody_but_not_with_one_that_keeps_quiet(migrated_sqlite_db):
    db = migrated_sqlite_db
    assert db.mark() is None, "nobody watches"
    db.watch()
    at_first = db.mark()
    with db.read() as session:
        session.exec_driver_sql("SELECT 1")
    with db.write() as session:
        session.exec_driver_sql("UPDATE pool SET slots = slots + 1")
        keep_quiet(session)
    assert db.mark() == at_first is not None
    _write(db)
    after_own = db.mark()
    assert after_own != at_first
    _write_elsewhere(db)
    assert db.mark() != after_own


def test_what_keeps_quiet_and_asks_for_a_wake_is_heard(migrated_sqlite_db):
    db = migrated_sqlite_db
    db.watch()
    before = db.mark()
    with db.write() as session:
        keep_quiet(session)
        request_wake(session)
    assert db.mark() != before


@pytest.mark.postgres
def test_on_postgresql_nobody_can_tell_so_everybody_reads(postgres_db):
    postgres_db.watch()
    assert postgres_db.mark() is None


@pytest.mark.postgres
def test_a_burst_of_commits_is_told_in_few_notifications(postgres_db):
    url = sa.make_url(postgres_db.url).set(drivername="postgresql").render_as_string(hide_password=False)

    watch = PostgresWatch(postgres_db.url, lambda: None)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("LISTEN dirigent")
        began_s = time.monotonic()
        for _ in range(20_000):
            watch.tell()
        watch.close()
        lasted_s = time.monotonic() - began_s
        heard = list(listener.notifies(timeout=1.0))
    assert 1 <= len(heard) <= 2 + lasted_s / TELL_EVERY_S


@pytest.mark.postgres
def test_a_listener_whose_connection_is_cut_listens_again(postgres_db):
    other = Database(postgres_db.url.render_as_string(hide_password=False))
    _watch(other)
    with postgres_db.write() as session:
        mine = "query LIKE 'LISTEN%%' AND datname = current_database()"
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}"
        assert session.exec_driver_sql(cut).all() == [(True,)]
    assert other.wake.wait(30), "connecting again wakes, for what was missed meanwhile"
    _write(postgres_db)
    assert other.wake.wait(30)
    other.close()


def test_closing_ends_the_threads(db):
    before = threading.active_count()
    db.watch()
    db.close()
    assert threading.active_count() == before


def test_watching_twice_watches_once(db):
    before = threading.active_count()
    db.watch()
    count = threading.active_count()
    db.watch()
    assert threading.active_count() == count > before
