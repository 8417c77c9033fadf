"""What stands of each limit, counted from the rows."""

import pytest

from scheduler.core.admission import Room
from scheduler.store.limits import candidate_of, limits_of, load_scheduled, queue_slots
from scheduler.store.scheduled import occupancy
from scheduler.store.tasks import tasks_of_run
from scheduler.store.workers import live_workers
from scheduler.wire import TaskSpec
from tests.operations.plays import put, started_run, worker
from tests.store.specs import spec

TASKS = (
    TaskSpec(task_id="a", operator="X", pool_slots=3),
    TaskSpec(task_id="b", operator="X"),
    TaskSpec(task_id="c", operator="X", max_active_tis_per_dag=2, max_active_tis_per_dagrun=1),
)


@pytest.fixture
def ref(write):
    """A run with a running, b queued and c scheduled."""
    return write(started_run, spec(tasks=TASKS), states={"a": "running", "b": "queued", "c": "scheduled"})


def load(write, ref, task_id):
    (found,) = (row for row in write(tasks_of_run, ref.run_pk) if row.task_id == task_id)
    return write(load_scheduled, found.id)


def test_only_a_scheduled_task_is_a_candidate(write, ref):
    assert load(write, ref, "c").task_id == "c"
    assert load(write, ref, "a") is None


def test_a_candidate_carries_the_limits_of_its_task_where_the_code_still_has_it(write, ref):
    found = load(write, ref, "c")
    candidate = candidate_of(found, TASKS[2])
    assert (candidate.max_active_tis_per_dag, candidate.max_active_tis_per_dagrun) == (2, 1)
    assert candidate_of(found, None).max_active_tis_per_dag is None


def test_a_queue_has_the_slots_of_its_live_workers(write):
    assert write(live_workers) == []
    write(worker, queues=("default", "gpu"), slots=4)
    assert queue_slots(write(live_workers)) == {"default": 4, "gpu": 4}


def test_what_runs_and_what_is_queued_is_taken_of_every_limit(write, ref):
    waiting = load(write, ref, "c")
    limits = limits_of([waiting], write(occupancy), {"default": 4})
    assert limits.pools == {"default_pool": Room(128, 4)}
    assert limits.queues == {"default": Room(8, 2)}
    assert limits.runs == {ref.run_pk: Room(16, 2)}
    assert limits.active_in_dag == {("shop", "a"): 1, ("shop", "b"): 1}
    assert limits.active_in_run == {(ref.run_pk, "a"): 1, (ref.run_pk, "b"): 1}


def test_what_has_ended_takes_nothing(write):
    ref = write(started_run, spec(tasks=TASKS))
    write(put, ref, "a", "success")
    assert write(occupancy) == []
