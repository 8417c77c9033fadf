"""Task instances: moved by their table of states, read by what the planner and the gate ask."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.states import TaskState, states_before
from scheduler.store import tasks
from scheduler.store.events import list_events
from scheduler.store.tables import task_instance
from tests.operations.plays import started_run
from tests.store.specs import NOW

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
