"""What a worker writes is copied, shipped and found again, wherever it lies by then."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.cli.parts.worker_logs import WorkerLogs
from scheduler.clock import SystemClock
from scheduler.config import load_settings
from scheduler.dispatch.jobs import job_of
from scheduler.logs.address import LogAddress
from scheduler.logs.archive import Archive
from scheduler.store import Database
from scheduler.store.logs import log_end
from scheduler.store.migrate import upgrade
from tests.integration.waiting import eventually
from tests.loop.engine import Engine, spec, task

CLOCK = SystemClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request, tmp_path):
    """A leader with one task that a worker has claimed."""
    url = (
        f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    database = Database(url)
    upgrade(database)
    engine = Engine(database)
    engine.worker()
    engine.define(spec(task("load")))
    engine.trigger(run_id="first")
    engine.advance()
    yield engine
    database.close()


@pytest.fixture
def job(engine, tmp_path):
    (claim,) = engine.claim()
    with engine.db.read() as session:
        return job_of(claim, engine.graphs.get(session, claim.version_id), tmp_path)


@pytest.fixture
def archive(tmp_path):
    return Archive(f"file://{tmp_path}/archive")


@pytest.fixture
def open_logs(engine, tmp_path):
    """Open the logs of a worker: `open_logs(archive=...)`; they are closed at the end."""
    opened = []

    def make(**given):
        parts = {"is_copied": True, "archive": None, "secrets": (), "live": frozenset} | given
        logs = WorkerLogs(engine.db, tmp_path / "logs", CLOCK, load_settings({}, tmp_path), **parts)
        logs.start()
        opened.append(logs)
        return logs

    yield make
    for logs in opened:
        logs.close()


@pytest.fixture
def reader(engine, tmp_path, archive):
    return AttemptLogs(engine.db, tmp_path / "logs", CLOCK, archive)


def address_of(job):
    return LogAddress(
        dag_id=job.run.dag_id, run_id=job.run.run_id, task_id=job.task_id, attempt_id=job.attempt_id
    )


def texts(part):
    return [line.text for line in part.lines]


def copied(engine, job):
    with engine.db.read() as session:
        return log_end(session, job.attempt_id)


def test_a_log_is_read_from_the_file_then_from_the_copy_then_from_the_archive(
    engine, job, open_logs, reader, archive, tmp_path
):
    logs, address = open_logs(archive=archive), address_of(job)
    assert reader.read(address, 0).lines == ()
    sink = logs.open(job)
    sink.line("info", "stdout", "one")
    sink.flush()
    assert texts(reader.read(address, 0)) == ["one"]
    eventually(lambda: copied(engine, job))
    (tmp_path / "logs").rename(tmp_path / "moved")
    part = reader.read(address, 0)
    assert (texts(part), part.done) == (["one"], False)
    (tmp_path / "moved").rename(tmp_path / "logs")
    sink.close(text="the end")
    eventually(lambda: copied(engine, job) is None)
    shutil.rmtree(tmp_path / "logs")
    after = reader.read(address, part.next_offset)
    assert (texts(after), after.done) == (["the end"], True)
    assert [line.text for line in reader.tail(address, 1)] == ["the end"]
    assert reader.size(address) == after.next_offset


def test_an_archive_that_is_away_is_said_where_the_log_would_be(engine, job, reader, archive, tmp_path):
    address = address_of(job)
    shutil.rmtree(tmp_path / "archive")
    (tmp_path / "archive").write_text("in the way")
    part = reader.read(address, 0)
    assert part.done
    assert f"file://{tmp_path}/archive cannot be reached" in part.lines[0].text
    assert reader.size(address) == 0


def test_a_log_that_nobody_else_reads_is_shipped_too(engine, job, open_logs, archive):
    sink = open_logs(archive=archive, is_copied=False).open(job)
    sink.close(text="the end")
    part = eventually(lambda: (found := archive.read(address_of(job), 0)) and found.done and found)
    assert texts(part) == ["the end"]


def test_secrets_that_tasks_get_from_the_environment_do_not_show(engine, job, open_logs, reader):
    sink = open_logs(secrets=["hunter22"]).open(replace(job, epoch=2))
    sink.line("info", "stdout", "hunter22")
    sink.close()
    assert texts(reader.read(address_of(job), 0))[0] == "***"
