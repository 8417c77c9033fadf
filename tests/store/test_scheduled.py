"""Tasks that wait to be admitted: the best first, and one transaction at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.core.states import AttemptState, TaskState
from scheduler.operations.cancel import cancel_run
from scheduler.store import scheduled, tasks
from scheduler.store.attempts import Ending, end_attempts, lock_live_attempts
from scheduler.store.pools import Pool, put_pool
from scheduler.store.scheduled import Wanted, occupancy, scheduled_tasks, scheduled_tasks_in_turn
from scheduler.wire import TaskSpec
from tests.operations.plays import put, started_run, states_of
from tests.store.specs import NOW, spec

HOUR = timedelta(hours=1)
ANY = Wanted(queues=["default"], limit=10)


@pytest.fixture
def ref(write):
    """A started run of a, b and c, none of them begun."""
    return write(started_run)


def named(rows):
    return [row.task_id for row in rows]


@pytest.mark.parametrize("read", [scheduled_tasks, scheduled_tasks_in_turn])
def test_the_best_scheduled_tasks_come_first_by_priority_then_age(write, read):
    weights = {"a": 1, "b": 5, "c": 1}
    made = [TaskSpec(task_id=name, operator="X", priority_weight=weight) for name, weight in weights.items()]
    ref = write(started_run, spec(tasks=tuple(made)))
    for name, hours in (("c", 0), ("a", 1), ("b", 2)):
        (row,) = write(tasks.tasks_named, ref.run_pk, [name])
        at = {"scheduled_at": NOW + hours * HOUR}
        write(tasks.move_tasks, NOW, [row.id], TaskState.SCHEDULED, values=at)

    def best(queues=("default",), limit=10, **full):
        return named(write(read, Wanted(queues=queues, limit=limit, **full)))

    assert best() == ["b", "c", "a"]
    assert best(queues=["default", "gpu"]) == ["b", "c", "a"]
    assert best(limit=1) == ["b"]
    assert best(queues=["gpu"]) == []
    assert best(full_pools=["default_pool"]) == []
    assert best(full_runs=[ref.run_pk]) == []


def test_a_task_whose_earlier_attempt_is_still_being_stopped_is_not_admitted(db, write, ref):
    write(put, ref, "a", "running")
    (row,) = write(tasks.tasks_named, ref.run_pk, ["a"])
    write(tasks.move_tasks, NOW, [row.id], TaskState.FAILED)
    write(tasks.move_tasks, NOW, [row.id], TaskState.NONE)
    write(tasks.move_tasks, NOW, [row.id], TaskState.SCHEDULED, values={"scheduled_at": NOW})
    assert states_of(db, ref)["a"] == "scheduled"
    assert write(scheduled_tasks, ANY) == []


def test_queued_and_running_tasks_occupy_and_no_others(write, ref):
    write(put, ref, "a", "running")
    write(put, ref, "b", "queued")
    write(put, ref, "c", "success")
    taken = {each.task_id: (each.count, each.pool_slots) for each in write(occupancy)}
    assert taken == {"a": (1, 1), "b": (1, 1)}


@pytest.mark.parametrize(("include_deferred", "taken"), [(True, [("a", 0, 1)]), (False, [])])
def test_what_waits_without_a_slot_takes_places_of_a_pool_that_says_so_and_of_no_other_limit(
    write, ref, include_deferred, taken
):
    write(put_pool, Pool("default_pool", 8, include_deferred=include_deferred))
    write(put, ref, "a", "running")
    ids = [row.id for row in write(tasks.tasks_of_run, ref.run_pk) if row.task_id == "a"]
    write(tasks.move_tasks, NOW, ids, TaskState.DEFERRED)
    assert [(each.task_id, each.count, each.pool_slots) for each in write(occupancy)] == taken


def test_a_task_occupies_its_places_until_its_cancelled_attempt_has_stopped(write, ref):
    write(put, ref, "a", "running")
    write(cancel_run, NOW, ref.dag_id, ref.run_id, actor="user:ada")
    assert [(each.task_id, each.count, each.pool_slots) for each in write(occupancy)] == [("a", 1, 1)]
    (live,) = [each for each in write(lock_live_attempts, ref.run_pk) if each.kind == "task"]
    write(end_attempts, [Ending(attempt_id=live.id, state=AttemptState.CANCELLED, end_date=NOW)])
    assert write(occupancy) == []


@pytest.mark.postgres
def test_who_admits_second_waits_for_the_first_so_that_no_limit_is_exceeded(postgres_db):
    postgres_db.transact(lambda session: started_run(session, states={"a": "scheduled", "b": "scheduled"}))
    one = Wanted(queues=["default"], limit=1)
    with postgres_db.write() as first, postgres_db.write() as second:
        assert named(scheduled_tasks(first, one)) == ["a"]
        second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"):
            scheduled_tasks(second, one)
        second.rollback()


@pytest.mark.postgres
def test_who_does_not_wait_is_told_that_it_is_not_its_turn(postgres_db):
    postgres_db.transact(lambda session: started_run(session, states={"a": "scheduled", "b": "scheduled"}))
    one = Wanted(queues=["default"], limit=1)
    with postgres_db.write() as first:
        assert named(scheduled_tasks_in_turn(first, one)) == ["a"]
        with postgres_db.write() as second:
            assert scheduled_tasks_in_turn(second, one) is None
    with postgres_db.write() as third:
        assert named(scheduled_tasks_in_turn(third, ANY)) == ["a", "b"]


@pytest.mark.postgres
def test_where_nothing_waits_nobody_s_turn_is_taken(postgres_db):
    with postgres_db.write() as first, postgres_db.write() as second:
        assert scheduled_tasks(first, ANY) == []
        assert scheduled_tasks_in_turn(second, ANY) == []
        assert scheduled.occupancy(second) == []
