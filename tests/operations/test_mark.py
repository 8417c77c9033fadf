import pytest
import sqlalchemy as sa

from scheduler.core.states import RunState
from scheduler.errors import Conflict, NotFound
from scheduler.operations.mark import mark_run, mark_task
from scheduler.store.tables import attempt, task_instance
from tests.operations.plays import run_of, started_run, states_of
from tests.store.specs import NOW, spec

BROKEN = {"a": "success", "b": "failed", "c": "upstream_failed"}


def test_marking_a_failed_task_as_success_lets_what_it_blocked_be_planned_again(db, write):
    ref = write(started_run, states=BROKEN, ended="failed")
    assert write(mark_task, NOW, "shop", "r1", "b", to="success", actor="user:ada") == ["c"]
    assert states_of(db, ref) == {"a": "success", "b": "success", "c": "none"}
    assert run_of(db, ref).state is RunState.QUEUED
    with db.read() as session:
        changed = session.scalars(sa.select(task_instance.c.task_id).where(task_instance.c.changed)).all()
    assert set(changed) >= {"b", "c"}


def test_marking_a_running_task_stops_its_attempt(db, write):
    ref = write(started_run, states={"a": "running"})
    write(mark_task, NOW, "shop", "r1", "a", to="failed", actor="user:ada")
    assert states_of(db, ref) == {"a": "failed", "b": "none", "c": "none"}
    with db.read() as session:
        assert session.scalars(sa.select(attempt.c.cancel_reason)).all() == ["marked failed by user:ada"]
    assert run_of(db, ref).state is RunState.RUNNING


def test_a_mark_that_changes_nothing_is_told(write):
    write(started_run, states={"a": "success"})
    with pytest.raises(Conflict, match="'a' cannot be marked as success: it is success"):
        write(mark_task, NOW, "shop", "r1", "a", to="success", actor="")


@pytest.mark.parametrize("task_id", ["z", "a/b"])
def test_marking_an_unknown_task_is_told(write, task_id):
    write(started_run)
    with pytest.raises(NotFound):
        write(mark_task, NOW, "shop", "r1", task_id, to="success", actor="")


@pytest.mark.parametrize(
    ("to", "states"),
    [
        ("success", {"a": "failed", "b": "success", "c": "success"}),
        ("failed", {"a": "failed", "b": "failed", "c": "skipped"}),
    ],
)
def test_marking_a_run_ends_what_had_not_ended(db, write, to, states):
    ref = write(started_run, states={"a": "failed", "b": "running"})
    assert write(mark_run, NOW, "shop", "r1", to=to, actor="user:ada") == 2
    assert states_of(db, ref) == states
    run = run_of(db, ref)
    assert (str(run.state), run.reason) == (to, f"marked {to} by user:ada")


def test_a_run_that_has_ended_can_be_marked_the_other_way_once(db, write):
    ref = write(started_run, ended="success")
    write(mark_run, NOW, "shop", "r1", to="failed", actor="")
    assert run_of(db, ref).state is RunState.FAILED
    with pytest.raises(Conflict, match="'r1' is failed already"):
        write(mark_run, NOW, "shop", "r1", to="failed", actor="")


@pytest.mark.parametrize(("to", "callback"), [("success", "success"), ("failed", "failure")])
def test_marking_a_run_calls_the_callback_of_its_dag(db, write, to, callback):
    write(started_run, spec(has_failure_callback=True, has_success_callback=True))
    write(mark_run, NOW, "shop", "r1", to=to, actor="user:ada")
    with db.read() as session:
        payloads = session.scalars(sa.select(attempt.c.payload).where(attempt.c.kind == "dag_callback")).all()
    assert payloads == [{"callback": callback, "reason": f"marked {to} by user:ada"}]
