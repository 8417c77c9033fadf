"""Attempts that wait for their environment: they begin, fail or are stopped, each exactly once."""

from __future__ import annotations

import os
from queue import SimpleQueue

import pytest

from scheduler.cli.parts.locked_starts import LockedStarts
from scheduler.clock import SystemClock
from scheduler.logs.sink import LogSink
from scheduler.runtime.environments import Environments
from scheduler.wire import Isolation, Job, RunInfo
from tests.integration.waiting import eventually

RUN = RunInfo(
    dag_id="orders",
    run_id="r",
    run_type="manual",
    logical_date=None,
    data_interval_start=None,
    data_interval_end=None,
    run_after="2026-11-21T00:00:00+00:00",
)


class Bench:
    """Starts that are noted in place of processes; `uv` is a script of the test's own."""

    def __init__(self, folder, script):
        self.folder = folder
        self.code = folder / "code"
        self.code.mkdir()
        tool = folder / "bin" / "uv"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
        environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
        self.started: SimpleQueue[Job] = SimpleQueue()
        self.ended: SimpleQueue[object] = SimpleQueue()
        self.starts = LockedStarts(
            Environments(folder / "environments", environ),
            "requirements.lock",
            SystemClock(),
            start=self._start,
            on_outcome=self.ended.put,
        )

    def _start(self, job, _log):
        if job.task_id == "strange":
            raise RuntimeError("of a kind that nobody thought of")
        self.started.put(job)

    def launch(self, number, **job):
        self.starts.launch(
            Job(
                attempt_id=number, epoch=1, kind="task", code_root=str(self.code), file="o.py", run=RUN, **job
            ),
            LogSink(self.folder / f"{number}.log", SystemClock()),
        )

    def log(self, number):
        return (self.folder / f"{number}.log").read_text()


@pytest.fixture
def make_bench(tmp_path):
    made = []

    def make(script="exit 0", lock=""):
        bench = Bench(tmp_path, script)
        if lock is not None:
            (bench.code / "requirements.lock").write_text(lock)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        bench.starts.close()


BUILDS = '[ "$1" = venv ] && mkdir -p "$5"\necho "at work: $1"'


def test_attempts_that_wait_for_one_environment_all_begin_in_it_and_their_logs_show_its_build(make_bench):
    bench = make_bench(f"{BUILDS}\nuntil [ -e {{go}} ]; do sleep 0.02; done")
    go = bench.folder / "go"
    tool = bench.folder / "bin" / "uv"
    tool.write_text(tool.read_text().replace("{go}", str(go)))
    bench.launch(1)
    bench.launch(2, isolation=Isolation(memory_bytes=100_000_000))
    eventually(lambda: "at work: venv" in bench.log(1))
    go.touch()
    jobs = sorted((bench.started.get(timeout=30) for _ in range(2)), key=lambda job: job.attempt_id)
    assert jobs[0].isolation.python == jobs[1].isolation.python
    assert jobs[0].isolation.python.startswith(str(bench.folder / "environments"))
    assert jobs[1].isolation.memory_bytes == 100_000_000
    assert "is built first; this attempt waits for it" in bench.log(2)
    bench.launch(3)
    assert bench.started.get(timeout=30).isolation.python == jobs[0].isolation.python
    assert bench.ended.empty()


def test_a_build_that_fails_fails_all_that_wait_for_it_and_is_tried_again_by_the_next(make_bench):
    bench = make_bench("echo no such package >&2; exit 3")
    bench.launch(1)
    outcome = bench.ended.get(timeout=30)
    assert (outcome.attempt_id, outcome.state, outcome.retryable) == (1, "failed", True)
    assert (
        outcome.reason == "The environment of requirements.lock could not be built (exit 3): no such package"
    )
    assert outcome.reason in bench.log(1)
    bench.launch(2)
    assert bench.ended.get(timeout=30).attempt_id == 2


def test_what_goes_wrong_in_a_way_nobody_thought_of_fails_one_attempt_and_lets_the_others_begin(make_bench):
    bench = make_bench(BUILDS)
    bench.launch(1, task_id="strange")
    bench.launch(2)
    assert bench.started.get(timeout=20).attempt_id == 2
    outcome = bench.ended.get(timeout=20)
    assert (outcome.attempt_id, outcome.reason) == (1, "RuntimeError: of a kind that nobody thought of")


def test_an_attempt_that_waits_can_be_stopped(make_bench):
    bench = make_bench("echo begun; exec sleep 1000")
    bench.launch(1)
    eventually(lambda: "begun" in bench.log(1))
    assert bench.starts.stop(1, "cancelled by ana")
    outcome = bench.ended.get(timeout=30)
    assert (outcome.state, outcome.reason) == ("cancelled", "cancelled by ana")
    assert not bench.starts.stop(1, "again")
    assert not bench.starts.stop(7, "unknown")


def test_what_waits_when_the_worker_stops_gets_no_outcome_and_so_goes_back(make_bench):
    bench = make_bench("echo begun; exec sleep 1000")
    bench.launch(1)
    eventually(lambda: "begun" in bench.log(1))
    bench.starts.close()
    assert (bench.ended.empty(), bench.started.empty()) == (True, True)


def test_code_without_a_lock_file_and_tasks_with_an_interpreter_of_their_own_begin_at_once(make_bench):
    bench = make_bench("exec sleep 1000", lock=None)
    bench.launch(1)
    assert bench.started.get(timeout=30).isolation is None
    (bench.code / "requirements.lock").write_text("")
    bench.launch(2, isolation=Isolation(python="/opt/ml/bin/python"))
    assert bench.started.get(timeout=30).isolation.python == "/opt/ml/bin/python"


def test_a_lock_that_cannot_be_used_fails_the_attempt_with_the_remedy(make_bench):
    bench = make_bench(lock=None)
    bench.starts._lock_name = "uv.lock"
    (bench.code / "uv.lock").write_text("version = 1")
    bench.launch(1)
    assert "uv export" in bench.ended.get(timeout=30).reason
