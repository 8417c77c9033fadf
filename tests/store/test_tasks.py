"""Task instances: moved by their table of states, read by what the planner and the gate ask."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.states import TaskState, states_before
from scheduler.store import tasks
from scheduler.store.events import list_events
from scheduler.store.tables import task_instance
from scheduler.wire import TaskSpec
from tests.operations.plays import put, started_run, states_of
from tests.store.specs import NOW, spec

HOUR = timedelta(hours=1)


@pytest.fixture
def ref(write):
    """A started run of a, b and c, none of them begun."""
    return write(started_run)


@pytest.fixture
def ids(write, ref):
    """The keys of the run's tasks by task_id."""
    return {row.task_id: row.id for row in write(tasks.tasks_of_run, ref.run_pk)}


def force(write, state):
    write(lambda session: session.execute(sa.update(task_instance).values(state=state)))


def named(rows):
    return [row.task_id for row in rows]


def test_a_task_leaves_only_the_states_that_the_table_allows(write, ids):
    for origin in TaskState:
        for to in TaskState:
            force(write, origin)
            moved = write(tasks.move_tasks, NOW, [ids["a"]], to)
            assert bool(moved) == (origin in states_before(to)), (origin, to)


def test_whoever_moves_second_moves_nothing_and_leaves_no_event(db, write, ref, ids):
    both = [ids["a"], ids["b"]]
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.SCHEDULED)
    moved = write(tasks.move_tasks, NOW, both, TaskState.SCHEDULED, leaving=[TaskState.NONE], reasons={})
    assert named(moved) == ["b"]
    with db.read() as session:
        events = [each for _, each in list_events(session, ref.run_pk) if each.kind == "task.state"]
    assert [(each.from_state, each.to_state) for each in events].count(("none", "scheduled")) == 1
    assert len(events) == 2


def test_a_final_state_is_to_be_planned_once_and_one_on_the_way_is_not(write, ref, ids):
    assert named(write(tasks.take_changed, ref.run_pk)) == ["a"]
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.SCHEDULED)
    assert write(tasks.take_changed, ref.run_pk) == []
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.SKIPPED)
    assert named(write(tasks.take_changed, ref.run_pk)) == ["a"]
    assert write(tasks.take_changed, ref.run_pk) == []


def test_only_tasks_that_have_not_begun_are_marked_for_the_planner(write, ref, ids):
    write(tasks.take_changed, ref.run_pk)
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.SCHEDULED)
    write(tasks.mark_changed, ref.run_pk, ["a", "b"])
    assert named(write(tasks.take_changed, ref.run_pk)) == ["b"]


def test_tasks_that_wait_for_an_instant_are_due_when_it_comes(write, ref, ids):
    force(write, TaskState.UP_FOR_RETRY)
    write(tasks.set_retry_times, {ids["a"]: NOW + HOUR, ids["b"]: NOW + 2 * HOUR})
    assert write(tasks.next_retry, ref.run_pk) == NOW + HOUR
    assert write(tasks.due_tasks, ref.run_pk, NOW) == []
    assert named(write(tasks.due_tasks, ref.run_pk, NOW + HOUR)) == ["a"]


def test_what_is_not_final_is_unfinished(write, ref, ids):
    force(write, TaskState.SUCCESS)
    assert not write(tasks.has_unfinished, ref.run_pk)
    assert write(tasks.move_tasks, NOW, [ids["b"]], TaskState.NONE)
    assert write(tasks.has_unfinished, ref.run_pk)
    assert write(tasks.some_unfinished, ref.run_pk, 10) == ["b"]


def test_a_loss_and_a_stop_are_no_try_and_who_waited_has_lost_nothing(write, ref, ids):
    everyone = list(ids.values())
    write(tasks.count_losses, everyone)
    write(tasks.excuse_stops, [ids["b"]])
    write(tasks.excuse_waits, [ids["c"]])
    rows = {row.task_id: (row.losses, row.max_tries) for row in write(tasks.tasks_of_run, ref.run_pk)}
    assert rows == {"a": (1, 2), "b": (1, 3), "c": (0, 3)}


def test_the_best_scheduled_tasks_come_first_by_priority_then_age(write):
    weights = {"a": 1, "b": 5, "c": 1}
    made = [TaskSpec(task_id=name, operator="X", priority_weight=weight) for name, weight in weights.items()]
    ref = write(started_run, spec(tasks=tuple(made)))
    for name, hours in (("c", 0), ("a", 1), ("b", 2)):
        (row,) = write(tasks.tasks_named, ref.run_pk, [name])
        at = {"scheduled_at": NOW + hours * HOUR}
        write(tasks.move_tasks, NOW, [row.id], TaskState.SCHEDULED, values=at)

    def best(queues=("default",), **full):
        return named(
            write(tasks.scheduled_tasks, queues, **{"full_pools": [], "full_runs": [], "limit": 10, **full})
        )

    assert best() == ["b", "c", "a"]
    assert best(limit=1) == ["b"]
    assert best(queues=["gpu"]) == []
    assert best(full_pools=["default_pool"]) == []
    assert best(full_runs=[ref.run_pk]) == []


def test_a_task_whose_earlier_attempt_is_still_being_stopped_is_not_admitted(db, write, ref, ids):
    write(put, ref, "a", "running")
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.FAILED)
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.NONE)
    write(tasks.move_tasks, NOW, [ids["a"]], TaskState.SCHEDULED, values={"scheduled_at": NOW})
    assert states_of(db, ref)["a"] == "scheduled"
    assert write(tasks.scheduled_tasks, ["default"], full_pools=[], full_runs=[], limit=10) == []


def test_queued_and_running_tasks_occupy_and_no_others(write, ref):
    write(put, ref, "a", "running")
    write(put, ref, "b", "queued")
    write(put, ref, "c", "success")
    taken = {each.task_id: (each.count, each.pool_slots) for each in write(tasks.occupancy)}
    assert taken == {"a": (1, 1), "b": (1, 1)}


@pytest.mark.postgres
def test_who_admits_second_waits_for_the_first_so_that_no_pool_is_filled_twice(postgres_db):
    postgres_db.transact(lambda session: started_run(session, states={"a": "scheduled"}))

    def admit(session):
        return tasks.scheduled_tasks(session, ["default"], full_pools=[], full_runs=[], limit=10)

    with postgres_db.write() as first, postgres_db.write() as second:
        assert named(admit(first)) == ["a"]
        second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"):
            admit(second)
        second.rollback()
