"""Sessions, the one writer, retries, and the wake after a commit: on both databases."""

from __future__ import annotations

import select
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.errors import DatabaseFull, DatabaseUnavailable
from scheduler.store import Database, LocalWake, db_now, db_now_plus, read_db_now, request_wake, tables
from scheduler.store.sqlite import require_version
from scheduler.store.tables import Instant
from scheduler.store.transaction import after_commit

notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Instant),
    sa.Column("text", sa.Text),
)


@pytest.fixture
def noted(empty_db):
    with empty_db.write() as session:
        notes.create(session)
    return empty_db


def _texts(db):
    with db.read() as session:
        return list(session.scalars(sa.select(notes.c.text).order_by(notes.c.id)))


def test_a_write_commits_at_its_end(noted):
    with noted.write() as session:
        session.execute(notes.insert().values(text="kept"))
    assert _texts(noted) == ["kept"]


def test_a_write_that_fails_leaves_nothing_behind(noted):
    def fail(session):
        session.execute(notes.insert().values(text="lost"))
        raise KeyError

    with pytest.raises(KeyError):
        noted.transact(fail)
    assert _texts(noted) == []


def test_a_read_sees_one_snapshot_from_its_begin_on(noted):
    with noted.read() as session:
        session.scalars(sa.select(notes.c.id)).all()
        with noted.write() as other:
            other.execute(notes.insert().values(text="later"))
        assert session.scalars(sa.select(notes.c.text)).all() == []
    assert _texts(noted) == ["later"]


def test_a_wake_is_set_after_the_commit_and_only_when_asked(noted):
    with noted.write() as session:
        session.execute(notes.insert().values(text="quiet"))
    assert not noted.wake.wait(0)
    with noted.write() as session:
        request_wake(session)
        assert not noted.wake.wait(0)
    assert noted.wake.wait(0)


def test_a_write_that_fails_wakes_nobody(noted):
    def fail(session):
        request_wake(session)
        raise KeyError

    with pytest.raises(KeyError):
        noted.transact(fail)
    with noted.write():
        pass
    assert not noted.wake.wait(0)


def test_every_waiting_thread_is_told_once():
    wake, seen = LocalWake(), []
    threads = [threading.Thread(target=lambda: seen.append((wake.wait(30), wake.wait(0)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    wake.set()
    for thread in threads:
        thread.join()
    assert seen == [(True, False)] * 3


def test_threads_that_write_at_once_all_succeed(noted):
    def add(number):
        for _ in range(20):
            noted.transact(lambda session: session.execute(notes.insert().values(text=str(number))))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_texts(noted)) == 120


def test_the_database_clock_is_comparable_with_stored_instants(noted):
    with noted.write() as session:
        before = read_db_now(session)
        session.execute(notes.insert().values(text="due", at=db_now_plus(-0.5)))
        session.execute(notes.insert().values(text="not due", at=db_now_plus(60)))
        session.execute(notes.insert().values(text="long ago", at=datetime(2001, 2, 3, tzinfo=UTC)))
    with noted.read() as session:
        due = session.scalars(sa.select(notes.c.text).where(notes.c.at < db_now()).order_by(notes.c.id)).all()
        later = session.scalars(sa.select(notes.c.at).where(notes.c.text == "not due")).one()
    assert due == ["due", "long ago"]
    assert 59 < (later - before).total_seconds() < 90
    assert later.tzinfo is UTC


def test_statements_and_commits_are_counted(noted):
    with noted.count() as count, noted.write() as session:
        session.execute(notes.insert().values(text="one"))
        session.execute(sa.select(notes.c.id))
    with noted.read() as session:
        session.execute(sa.select(notes.c.id))
    assert count.commits == 1
    assert len([text for text in count.statements if "notes" in text]) == 2


def test_a_write_inside_a_write_is_refused_on_sqlite(sqlite_db):
    with sqlite_db.write(), pytest.raises(RuntimeError, match="inside"), sqlite_db.write():
        pass
    with sqlite_db.write():
        pass


def test_a_new_file_is_private(tmp_path):
    path = tmp_path / "new" / "home" / "dirigent.db"
    db = Database(f"sqlite:///{path}")
    db.ping()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    db.close()


_WRITER = """
import sys
import sqlalchemy as sa
from scheduler.store import Database
db = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(150):
    with db.write() as session:
        session.execute(sa.text("INSERT INTO notes (text) VALUES (:text)"), {"text": sys.argv[2]})
db.close()
"""


def test_processes_that_write_to_one_sqlite_file_never_see_a_locked_database(sqlite_db):
    with sqlite_db.write() as session:
        notes.create(session)
    url = sqlite_db.url.render_as_string()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for name in ("a", "b", "c")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0
    assert len(_texts(sqlite_db)) == 450


def test_an_old_sqlite_is_refused_with_its_version():
    with pytest.raises(DatabaseUnavailable, match=r"SQLite 3\.34\.1 is too old.*3\.35"):
        require_version((3, 34, 1))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://user:hunter2@host/name", "sqlite and postgresql"),
        ("not a url hunter2", "cannot be read"),
        ("sqlite://", "memory"),
        ("sqlite:////proc/nowhere/dirigent.db", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_work_is_refused_in_a_sentence(url, sentence):
    with pytest.raises(DatabaseUnavailable, match=sentence) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


def test_an_unreachable_server_is_told_without_its_password(unused_port):
    db = Database(f"postgresql://someone:hunter2@127.0.0.1:{unused_port}/dirigent")
    with pytest.raises(DatabaseUnavailable, match=r"cannot be used.*Check that the server runs") as caught:
        db.ping()
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "letter.db"
    path.write_text("Dear reader, " * 500)
    with pytest.raises(DatabaseUnavailable, match=r"not a database.*another file"):
        Database(f"sqlite:///{path}").ping()


@pytest.mark.postgres
def test_a_deadlock_is_tried_again(postgres_db):
    with postgres_db.write() as session:
        notes.create(session)
        session.execute(notes.insert(), [{"text": "a"}, {"text": "b"}])
    both_hold_one = threading.Barrier(2)

    def swap(first, second):
        held: list[int] = []

        def work(session):
            session.execute(notes.update().where(notes.c.id == first).values(text=notes.c.text + "!"))
            if not held:
                held.append(first)
                both_hold_one.wait(30)
            session.execute(notes.update().where(notes.c.id == second).values(text=notes.c.text + "!"))

        postgres_db.transact(work)

    threads = [threading.Thread(target=swap, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _texts(postgres_db) == ["a!!", "b!!"]


@pytest.mark.postgres
def test_a_server_that_goes_away_is_told_and_found_again_when_it_is_back(new_server):
    server = new_server("postgres")
    db = Database(server.url)
    db.ping()
    server.stop()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match="cannot be used") as caught:
            db.ping()
        assert server.password not in str(caught.value)
    server.start()
    db.ping()
    db.close()


@pytest.mark.postgres
def test_a_connection_that_is_cut_inside_a_transaction_is_told(postgres_db):
    def cut(session):
        with postgres_db.write() as other:
            mine = session.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            other.exec_driver_sql(f"SELECT pg_terminate_backend({mine})")
        session.exec_driver_sql("SELECT 1")

    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        postgres_db.transact(cut)
    postgres_db.ping()


def test_a_full_disk_is_told_and_leaves_the_database_whole(sqlite_db):
    with sqlite_db.write() as session:
        notes.create(session)
        pages = session.exec_driver_sql("PRAGMA page_count").scalar_one()
        session.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")

    def fill(session):
        session.execute(notes.insert(), [{"text": "x" * 10_000} for _ in range(100)])

    with pytest.raises(DatabaseFull, match=r"full.*Free some space"):
        sqlite_db.transact(fill)
    assert _texts(sqlite_db) == []


def test_a_value_that_no_index_holds_is_no_outage_of_postgresql(postgres_db):
    name = "".join(f"{number:x}" for number in range(3_000))
    with pytest.raises(sa.exc.OperationalError, match="index row"), postgres_db.write() as session:
        session.execute(sa.insert(tables.pool).values(name=name, slots=1))


@pytest.mark.postgres
def test_a_frozen_process_cannot_hold_a_lock_for_ever(postgres_db):
    with postgres_db.write() as session:
        assert session.scalar(sa.text("SHOW idle_in_transaction_session_timeout")) == "15s"
    impatient = Database(postgres_db.url.render_as_string(hide_password=False), idle_limit_s=0.2)
    with pytest.raises(DatabaseUnavailable, match="idle"):
        _freeze_in_a_write(impatient)
    impatient.close()
    with postgres_db.write() as session:
        assert session.scalar(sa.select(tables.pool.c.slots)) == 128


def _freeze_in_a_write(db):
    with db.write() as session:
        session.execute(sa.update(tables.pool).values(slots=7))
        select.select(
            [session.connection.driver_connection.fileno()], [], []
        )  # until the server has ended it
        session.execute(sa.select(1))


def _fail():
    raise ZeroDivisionError


def test_a_commit_stands_though_what_counts_it_fails(noted):
    with noted.write() as session:
        session.execute(sa.insert(notes).values(text="counted"))
        after_commit(session, _fail)
    assert _texts(noted) == ["counted"]
