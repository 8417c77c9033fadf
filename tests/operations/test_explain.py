from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.core.states import RunState, RunType, TaskState
from scheduler.errors import NotFound
from scheduler.operations.explain import explain_task
from scheduler.operations.trigger import trigger_run
from scheduler.store import dags
from scheduler.store.leaders import take_lead
from scheduler.store.pools import Pool, put_pool
from scheduler.store.runs import move_runs
from scheduler.store.tasks import move_tasks, tasks_of_run
from scheduler.wire import TaskSpec
from tests.operations.plays import started_run, worker
from tests.store.specs import NOW, spec


@pytest.fixture
def led(write):
    write(take_lead, "scheduler", "me", 60.0)


def _why(write, task_id="a"):
    return write(explain_task, "shop", "r1", task_id)


def test_a_task_names_what_it_waits_for(write, led):
    write(started_run)
    (reason,) = _why(write, "b")
    assert reason.startswith("Waits for a")


def test_without_a_scheduler_that_is_the_first_reason(write):
    write(started_run)
    assert _why(write, "b")[0].startswith("No scheduler is running; start one with `dirigent up`")


def test_a_task_without_upstream_is_about_to_be_planned(write, led):
    write(started_run)
    assert _why(write) == ["It is about to be planned."]


def test_a_run_that_waits_for_max_active_runs_says_so(write, led):
    write(started_run, spec(max_active_runs=1), run_id="r0")
    write(trigger_run, NOW, "shop", run_id="r1", actor="")
    assert _why(write) == ["Its run waits: 1 of at most 1 runs of the DAG are running (max_active_runs)."]


def test_a_run_that_would_find_a_place_but_for_older_ones_says_how_many(write, led):
    write(started_run, spec(max_active_runs=2), run_id="r0")
    write(trigger_run, NOW, "shop", run_id="r1", actor="")
    write(trigger_run, NOW, "shop", run_id="r2", actor="")
    assert _why(write) == ["Its run is about to start."]
    words = "Its run waits: 1 of at most 2 runs of the DAG are running, 1 queued before it (max_active_runs)."
    assert write(explain_task, "shop", "r2", "a") == [words]


def test_a_scheduled_run_of_a_paused_dag_says_so(write, led):
    write(started_run, run_id="r0", ended="success")
    write(dags.set_paused, NOW, ["shop"], is_paused=True, actor="")
    write(trigger_run, NOW, "shop", run_id="r1", actor="", run_type=RunType.SCHEDULED)
    (reason,) = _why(write)
    assert "is paused, which holds scheduled runs; resume it" in reason


def test_a_scheduled_task_names_the_queue_that_no_worker_listens_to(write, led):
    write(started_run, states={"a": "scheduled"})
    assert _why(write) == ["No live worker listens to queue 'default'."]


def test_a_scheduled_task_names_a_full_pool(write, led):
    tasks = tuple(TaskSpec(task_id=name, operator="X", pool="small") for name in ("a", "b"))
    write(put_pool, Pool("small", 1))
    write(worker)
    write(started_run, spec(tasks=tasks), states={"b": "running", "a": "scheduled"})
    assert _why(write) == ["Pool 'small' is full: 0 of 1 slots free, 1 needed."]


def test_a_scheduled_task_names_a_pool_that_does_not_exist(write, led):
    write(worker)
    write(
        started_run,
        spec(tasks=(TaskSpec(task_id="a", operator="X", pool="lost"),)),
        states={"a": "scheduled"},
    )
    assert _why(write) == [
        "There is no pool 'lost': make it by `dirigent pools set`, or name another in the task."
    ]


def test_a_scheduled_task_counts_those_that_go_first(write, led):
    tasks = (
        TaskSpec(task_id="a", operator="X"),
        TaskSpec(task_id="b", operator="X", priority_weight=9),
    )
    write(worker)
    write(started_run, spec(tasks=tasks), states={"a": "scheduled", "b": "scheduled"})
    assert _why(write) == ["1 tasks of its queue and pool go first."]


def test_a_queued_task_tells_how_busy_its_workers_are(write, led):
    write(worker, slots=3)
    write(started_run, states={"a": "queued"})
    assert _why(write) == ["It waits for a worker of queue 'default' to take it: 0 of 3 slots are busy."]


def test_a_queued_task_whose_workers_are_gone_names_the_queue(write, led):
    write(started_run, states={"a": "queued"})
    (reason,) = _why(write)
    assert "start one with `dirigent worker --queues default`" in reason


def test_a_task_that_waits_for_its_retry_tells_when(write, led):
    ref = write(started_run, states={"a": "running"})

    def fail(session):
        ids = [row.id for row in tasks_of_run(session, ref.run_pk) if row.task_id == "a"]
        values = {"retry_at": NOW + timedelta(minutes=5), "max_tries": 3}
        move_tasks(session, NOW, ids, TaskState.UP_FOR_RETRY, values=values)

    write(fail)
    assert _why(write) == ["It failed and runs again at 2026-11-21 12:05:00 UTC, as try 2 of 3."]


def test_a_task_that_depends_on_the_past_names_the_run_before(write, led):
    held = replace(spec().tasks[0], depends_on_past=True)
    write(started_run, spec(tasks=(held,)), run_id="r0", states={"a": "failed"})

    def second(session):
        ref = trigger_run(session, NOW, "shop", run_id="r1", actor="", logical_date=NOW + timedelta(days=1))
        move_runs(session, NOW, [ref.run_pk], RunState.RUNNING)

    write(second)
    assert _why(write) == ["Waits for a in the run before this one, where it is failed."]


def test_a_task_that_has_ended_says_how(write):
    write(started_run, states={"a": "success"})
    assert _why(write) == ["It has ended as success."]


def test_a_running_task_is_held_by_nothing(write):
    write(started_run, states={"a": "running"})
    assert _why(write) == []


def test_an_unknown_task_is_told(write):
    write(started_run)
    with pytest.raises(NotFound):
        _why(write, "z")
