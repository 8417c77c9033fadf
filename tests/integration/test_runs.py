"""Runs in a server of their own kind: what authors and operators ask for comes to pass."""

from __future__ import annotations

from functools import partial

import pytest

from scheduler.clock import SystemClock
from scheduler.errors import BadParams
from scheduler.operations.pause import set_paused
from scheduler.operations.rerun import RerunRequest, rerun
from tests.integration.ledger import KEEPS_LEDGER, counted
from tests.integration.waiting import eventually

_clock = SystemClock()


def _ended_callbacks(run, task_id):
    return [each for each in run.attempts(task_id) if each.kind != "task" and each.end_date]


def test_values_travel_from_task_to_task(embedded):
    embedded.write(
        "travel.py",
        """
        from scheduler import DAG, task

        with DAG("travel", schedule=None):
            @task
            def give():
                return {"orders": [1, 2, 3]}

            @task
            def total(found):
                print("total", sum(found["orders"]))

            total(give())
        """,
    )
    run = embedded.trigger("travel").until()
    assert "total 6" in run.log("total")
    assert run.attempts("total")[0].exit_code == 0


def test_a_failed_task_is_tried_again_after_its_delay_and_succeeds(embedded):
    embedded.write(
        "flaky.py",
        """
        from datetime import timedelta
        from scheduler import DAG, task

        with DAG("flaky", schedule=None):
            @task(retries=2, retry_delay=timedelta(milliseconds=300))
            def flaky(*, try_number=None, ti=None):
                print("try", ti.try_number)
                if ti.try_number < 2:
                    raise ValueError("not yet")

            flaky()
        """,
    )
    run = embedded.trigger("flaky").until()
    first, second = run.attempts("flaky")
    assert (first.state, second.state) == ("failed", "success")
    assert (second.queued_at - first.end_date).total_seconds() >= 0.3
    assert "ValueError: not yet" in first.reason
    assert "not yet" in run.log("flaky", 0)
    assert "try 2" in run.log("flaky", 1)


def test_only_what_failed_runs_again(embedded):
    embedded.write(
        "half.py",
        """
        import pathlib
        from scheduler import DAG, task

        with DAG("half", schedule=None, params={"folder": ""}):
            @task
            def good():
                pass

            @task
            def bad(*, params=None):
                if not pathlib.Path(params["folder"], "mended").exists():
                    raise RuntimeError("broken")

            @task
            def after():
                pass

            [good(), bad()] >> after()
        """,
    )
    folder = embedded.folder / "half"
    folder.mkdir()
    run = embedded.trigger("half", {"folder": str(folder)}).until("failed")
    assert run.tasks == {"good": "success", "bad": "failed", "after": "upstream_failed"}
    (folder / "mended").touch()
    request = RerunRequest(dag_id="half", run_id=run.run_id, only_failed=True)
    embedded.db.transact(lambda session: rerun(session, _clock.now(), request, actor="test"))
    run.until()
    assert [len(run.attempts(task_id)) for task_id in ("good", "bad", "after")] == [1, 2, 1]


def test_a_pause_holds_the_schedule_and_lets_runs_by_hand_go_on(embedded):
    embedded.write(
        "paused.py",
        """
        from scheduler import DAG
        from scheduler.operators.empty import EmptyOperator

        with DAG("paused", schedule="* * * * * *", is_paused_upon_creation=True):
            EmptyOperator(task_id="only")
        """,
    )
    run = embedded.trigger("paused").until()
    assert [row.run_id for row in embedded.record.runs("paused")] == [run.run_id]
    embedded.db.transact(
        lambda session: set_paused(session, _clock.now(), ["paused"], is_paused=False, actor="test")
    )
    eventually(lambda: len(embedded.record.runs("paused")) > 1, told=embedded.told)
    embedded.db.transact(
        lambda session: set_paused(session, _clock.now(), ["paused"], is_paused=True, actor="test")
    )


def test_a_cron_of_seconds_creates_runs_strictly_in_order(embedded):
    embedded.write(
        "seconds.py",
        """
        from scheduler import DAG
        from scheduler.operators.empty import EmptyOperator

        with DAG("seconds", schedule="* * * * * *", max_active_runs=2):
            EmptyOperator(task_id="only")
        """,
    )
    eventually(lambda: len(embedded.record.runs("seconds")) >= 4, told=embedded.told)
    (embedded.dags / "seconds.py").unlink()
    runs = embedded.record.runs("seconds")
    dates = [row.logical_date for row in runs]
    assert dates == sorted(set(dates))
    assert all(date.microsecond == 0 for date in dates)
    assert all(row.run_after == row.logical_date <= row.queued_at for row in runs)


def test_params_are_checked_before_a_run_exists(embedded):
    embedded.write(
        "typed.py",
        """
        from scheduler import DAG, Param, task

        with DAG("typed", schedule=None, params={"count": Param(3, type="integer", minimum=1)}):
            @task
            def show(*, params=None):
                print("count is", params["count"] + 1)

            show()
        """,
    )
    run = embedded.trigger("typed", {"count": 41}).until()
    assert "count is 42" in run.log("show")
    with pytest.raises(BadParams, match="count"):
        embedded.trigger("typed", {"count": "many"})
    said = embedded.dirigent("dags", "trigger", "typed", "--conf", '{"count": 0}')
    assert said.returncode == 1
    assert "count" in said.stderr
    assert len(embedded.record.runs("typed")) == 1


def test_a_template_that_fails_and_an_unserializable_result_fail_their_tasks_in_words(embedded):
    embedded.write(
        "words.py",
        """
        from scheduler import DAG, task
        from scheduler.operators.bash import BashOperator

        with DAG("words", schedule=None):
            BashOperator(task_id="template", bash_command="echo {{ nowhere.to_be.found }}")

            @task
            def unserializable():
                return object()

            @task
            def large():
                return "x" * 50_000_000

            unserializable()
            large()
        """,
    )
    run = embedded.trigger("words").until("failed", within=60)
    reasons = {task_id: run.task(task_id).reason for task_id in run.tasks}
    assert "nowhere" in reasons["template"]
    assert "object" in reasons["unserializable"]
    assert "50,000,002 bytes; the limit is 48,000,000" in reasons["large"]
    assert set(run.tasks.values()) == {"failed"}


def test_callbacks_of_task_and_dag_run_with_logs_of_their_own(embedded):
    embedded.write(
        "called.py",
        """
        import os
        from scheduler import DAG, task

        def told(what):
            def call(context):
                print(what, "of", context["dag_run"].run_id)
            return call

        with DAG(
            "called",
            schedule=None,
            params={"die": True},
            on_failure_callback=told("dag failure"),
            on_success_callback=told("dag success"),
        ):
            @task(on_success_callback=told("task success"), on_failure_callback=told("task failure"))
            def dies(*, params=None):
                if params["die"]:
                    os.abort()

            dies()
        """,
    )
    good = embedded.trigger("called", {"die": False}).until()
    bad = embedded.trigger("called", {"die": True}).until("failed")
    for run, word in ((good, "success"), (bad, "failure")):
        eventually(partial(_ended_callbacks, run, None), told=embedded.told)
        assert f"dag {word} of {run.run_id}" in run.log()
    assert f"task success of {good.run_id}" in good.log("dies")
    eventually(partial(_ended_callbacks, bad, "dies"), told=embedded.told)
    assert f"task failure of {bad.run_id}" in bad.log("dies")


def test_a_run_goes_on_when_the_file_of_its_dag_is_deleted(embedded):
    ledger = embedded.folder / "gone" / "ledger"
    ledger.parent.mkdir()
    text = """
with DAG("gone", schedule=None):
    @task
    def first():
        note("began")
        wait_for("gate")

    @task
    def last():
        note("ended")

    first() >> last()
"""
    file = embedded.write("gone.py", KEEPS_LEDGER.format(ledger=str(ledger)) + text)
    run = embedded.trigger("gone")
    eventually(lambda: counted(ledger)["began"], told=embedded.told)
    file.unlink()
    eventually(lambda: embedded.record.dag("gone") is None, told=embedded.told)
    ledger.with_name("gate").touch()
    run.until()
    assert counted(ledger) == {"began": 1, "ended": 1}
