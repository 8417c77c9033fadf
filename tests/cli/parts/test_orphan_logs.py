"""Logs of a worker that is gone reach the archive from what the database has of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.cli.parts.orphan_logs import AFTER, OrphanLogs
from scheduler.clock import SystemClock
from scheduler.errors import ArchiveUnavailable
from scheduler.logs.address import LogAddress
from scheduler.logs.archive import Archive
from scheduler.logs.lines import encode_line
from scheduler.store import Database
from scheduler.store.logs import log_end, put_chunks
from scheduler.store.migrate import upgrade
from scheduler.store.tables import attempt
from tests.loop.engine import Engine, spec, task

CLOCK = SystemClock()


@pytest.fixture
def engine(tmp_path):
    """A leader with two tasks that a worker has claimed."""
    database = Database(f"sqlite:///{tmp_path}/a.db")
    upgrade(database)
    engine = Engine(database)
    engine.worker()
    engine.define(spec(task("long_over"), task("just_over")))
    engine.trigger(run_id="first")
    engine.advance()
    yield engine
    database.close()


@pytest.fixture
def logs(engine):
    """Logs of both, with a gap; one ended long ago, the other just now. By task: their addresses."""
    now, addresses = CLOCK.now(), {}
    for claim in engine.claim():
        addresses[claim.task_id] = LogAddress(
            dag_id="orders", run_id="first", task_id=claim.task_id, attempt_id=claim.id
        )
        lines = [encode_line(now, "info", "stdout", text) for text in ("one", "two", "last")]
        starts = [0, len(lines[0]), 1_000]
        ended_at = now - AFTER - timedelta(seconds=1) if claim.task_id == "long_over" else now
        with engine.db.write() as session:
            put_chunks(session, [(claim.id, start, line) for start, line in zip(starts, lines, strict=True)])
            session.execute(sa.update(attempt).values(end_date=ended_at).where(attempt.c.id == claim.id))
    return addresses


def stored(engine, address):
    with engine.db.read() as session:
        return log_end(session, address.attempt_id)


def test_what_nobody_shipped_is_shipped_and_reads_as_before(engine, logs, tmp_path):
    archive = Archive(f"file://{tmp_path}/archive")
    reader = AttemptLogs(engine.db, tmp_path / "logs", CLOCK, archive)
    orphan, fresh = logs["long_over"], logs["just_over"]
    before = reader.read(orphan, 0)
    assert OrphanLogs(engine.db, CLOCK, archive).ship() == 1
    assert stored(engine, orphan) is None
    assert stored(engine, fresh) is not None
    after = reader.read(orphan, 0)
    assert [line.text for line in after.lines if line.at] == ["one", "two", "last"]
    assert (len(after.lines), after.next_offset) == (4, before.next_offset)
    assert len(list((tmp_path / "archive").rglob("*.log*"))) == 2


def test_while_the_archive_is_away_they_are_kept(engine, logs, tmp_path):
    archive = Archive(f"file://{tmp_path}/archive")
    (tmp_path / "archive").rmdir()
    (tmp_path / "archive").write_text("in the way")
    with pytest.raises(ArchiveUnavailable):
        OrphanLogs(engine.db, CLOCK, archive).ship()
    assert stored(engine, logs["long_over"]) is not None
