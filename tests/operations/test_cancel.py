from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler.core.states import RunState
from scheduler.errors import Conflict, NotFound, UnreadableGraph
from scheduler.operations.cancel import cancel_run
from scheduler.operations.mark import mark_run
from scheduler.store.tables import attempt, dag_version, event, outbox
from scheduler.wire import TaskSpec
from tests.operations.plays import run_of, started_run, states_of
from tests.store.specs import NOW, spec

WIDE = spec(tasks=tuple(TaskSpec(task_id=name, operator="BashOperator") for name in "abcd"))


@pytest.fixture
def busy(write):
    return write(started_run, WIDE, states={"a": "success", "b": "running", "c": "queued"})


def test_a_cancelled_run_fails_what_ran_and_skips_the_rest(db, write, busy):
    assert write(cancel_run, NOW, "shop", "r1", actor="user:ada") == 3
    assert states_of(db, busy) == {"a": "success", "b": "failed", "c": "skipped", "d": "skipped"}
    run = run_of(db, busy)
    assert (run.state, run.reason, run.end_date) == (RunState.FAILED, "cancelled by user:ada", NOW)


def test_its_workers_are_asked_to_stop_and_its_queue_is_emptied(db, write, busy):
    write(cancel_run, NOW, "shop", "r1", actor="user:ada")
    with db.read() as session:
        rows = session.execute(
            sa.select(attempt.c.state, attempt.c.cancel_reason).order_by(attempt.c.id)
        ).all()
    assert rows == [("running", "cancelled by user:ada"), ("cancelled", "cancelled by user:ada")]


def test_its_events_name_who_did_it(db, write, busy):
    write(cancel_run, NOW, "shop", "r1", actor="user:bob")
    with db.read() as session:
        kinds = session.scalars(sa.select(event.c.kind).where(event.c.actor == "user:bob")).all()
    assert sorted(kinds) == ["attempt.state", "run.state", "task.state", "task.state", "task.state"]


def test_the_failure_callback_of_its_dag_is_called_with_the_reason_and_nobody_is_written_to(db, write):
    write(started_run, replace(WIDE, has_failure_callback=True, has_success_callback=True))
    write(cancel_run, NOW, "shop", "r1", actor="user:ada")
    with db.read() as session:
        queued = sa.select(attempt.c.kind, attempt.c.payload).where(attempt.c.state == "queued")
        assert session.execute(queued).all() == [
            ("dag_callback", {"callback": "failure", "reason": "cancelled by user:ada"})
        ]
        assert session.execute(sa.select(outbox.c.id)).all() == []


def test_a_run_that_has_ended_cannot_be_cancelled(write):
    write(started_run, ended="success")
    with pytest.raises(Conflict, match="'r1' cannot be cancelled: it has ended as success"):
        write(cancel_run, NOW, "shop", "r1", actor="")


def test_an_unknown_run_is_told(write):
    with pytest.raises(NotFound, match="There is no DAG 'shop'"):
        write(cancel_run, NOW, "shop", "r1", actor="")


@pytest.mark.parametrize("graph", ["{}", "[]", "no graph", '{"dag_id": "shop", "wire_version": 99}'])
def test_a_run_whose_graph_cannot_be_read_is_ended_all_the_same(db, write, busy, graph):
    with db.write() as session:
        session.execute(sa.update(dag_version).values(graph=graph))
    assert write(cancel_run, NOW, "shop", "r1", actor="user:ada") == 3
    assert run_of(db, busy).state is RunState.FAILED


def test_whoever_needs_a_graph_that_cannot_be_read_is_told_what_helps(db, write, busy):
    with db.write() as session:
        session.execute(sa.update(dag_version).values(graph="{}"))
    with pytest.raises(UnreadableGraph, match="can be cancelled, or rerun with the code of now"):
        write(mark_run, NOW, "shop", "r1", to="success", actor="user:ada")
