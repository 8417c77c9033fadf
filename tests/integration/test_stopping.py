"""Stopping what runs: by people, by time, by whoever kills a process."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from scheduler.clock import SystemClock
from scheduler.operations.cancel import cancel_run
from scheduler.operations.rerun import RerunRequest, rerun
from tests.integration.ledger import KEEPS_LEDGER, counted
from tests.integration.processes import marked
from tests.integration.waiting import eventually

_clock = SystemClock()


def _has_said(run, task_id, word):
    return word in run.log(task_id)


def test_cancelling_a_run_ends_a_sleeping_task_and_one_that_ignores_sigterm(embedded):
    embedded.write(
        "sleepy.py",
        """
        import signal, time
        from scheduler import DAG, task

        with DAG("sleepy", schedule=None):
            @task
            def sleeps():
                print("sleeping", flush=True)
                time.sleep(600)

            @task
            def stubborn():
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                print("stubborn", flush=True)
                while True:
                    time.sleep(600)

            @task
            def after():
                pass

            [sleeps(), stubborn()] >> after()
        """,
    )
    run = embedded.trigger("sleepy")
    for task_id, word in (("sleeps", "sleeping"), ("stubborn", "stubborn")):
        run.until_task(task_id, "running")
        eventually(partial(_has_said, run, task_id, word), told=embedded.told)
    embedded.db.transact(
        lambda session: cancel_run(session, _clock.now(), "sleepy", run.run_id, actor="test")
    )
    ended = eventually(
        lambda: [
            each
            for task_id in ("sleeps", "stubborn")
            for each in run.attempts(task_id)
            if each.state == "cancelled"
        ][1:],
        told=embedded.told,
    )
    assert ended
    assert run.tasks == {"sleeps": "failed", "stubborn": "failed", "after": "skipped"}
    assert run.attempts("sleeps")[0].reason == "cancelled by test"
    assert run.attempts("stubborn")[0].signal == signal.SIGKILL
    assert run.state == "failed"


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSEGV])
def test_a_task_that_is_killed_fails_with_the_name_of_the_signal(embedded, signum):
    name = f"killed_{signum.name.lower()}"
    embedded.write(
        f"{name}.py",
        f"""
        import os, time
        from scheduler import DAG, task

        with DAG({name!r}, schedule=None):
            @task
            def work():
                print("pid", os.getpid(), flush=True)
                time.sleep(600)

            work()
        """,
    )
    run = embedded.trigger(name).until_task("work", "running")
    eventually(lambda: "pid " in run.log("work"), told=embedded.told)
    pid = int(run.log("work").split("pid ")[1].split()[0])
    assert pid in [process.pid for process in marked(embedded.mark)]
    os.kill(pid, signum)
    run.until("failed")
    assert signum.name in run.task("work").reason
    assert signum.name in run.log("work")


def test_a_task_that_is_rerun_while_it_runs_is_stopped_before_it_begins_anew(embedded):
    ledger = embedded.folder / "again" / "ledger"
    ledger.parent.mkdir()
    text = """
with DAG("again", schedule=None):
    @task
    def work():
        note("began")
        wait_for("gate")
        note("ended")

    work()
"""
    embedded.write("again.py", KEEPS_LEDGER.format(ledger=str(ledger)) + text)
    run = embedded.trigger("again")
    eventually(lambda: counted(ledger)["began"] == 1, told=embedded.told)
    request = RerunRequest(dag_id="again", run_id=run.run_id)
    embedded.db.transact(lambda session: rerun(session, _clock.now(), request, actor="test"))
    eventually(lambda: counted(ledger)["began"] == 2, told=embedded.told)
    assert [row.state for row in run.attempts("work")] == ["cancelled", "running"]
    ledger.with_name("gate").touch()
    run.until()
    assert counted(ledger)["ended"] == 1


def test_a_run_that_outlives_its_time_is_ended_with_what_it_still_does(embedded):
    embedded.write(
        "overdue.py",
        """
        import time
        from datetime import timedelta
        from scheduler import DAG, task

        with DAG("overdue", schedule=None, dagrun_timeout=timedelta(seconds=1)):
            @task
            def work():
                time.sleep(600)

            work()
        """,
    )
    run = embedded.trigger("overdue").until("failed")
    assert "dagrun_timeout" in run.row.reason
    eventually(lambda: run.attempts("work")[0].state == "cancelled", told=embedded.told)
