"""Whoever takes work back meets the scheduler that is queueing it: no attempt is left that nobody asked for."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from scheduler.operations.cancel import cancel_run
from scheduler.operations.mark import mark_run, mark_task
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.scheduled import Wanted, scheduled_tasks
from scheduler.store.tables import attempt
from scheduler.store.tickets import queue_tasks
from tests.operations.plays import started_run, states_of
from tests.store.contention import met_by
from tests.store.specs import NOW


def rerun_a(session, now, dag_id, run_id, **fields):
    rerun(session, now, RerunRequest(dag_id=dag_id, run_id=run_id, tasks=("a",)), **fields)


WAYS = {
    "cancel": (cancel_run, "skipped"),
    "end": (partial(mark_run, to="success"), "success"),
    "mark": (partial(mark_task, task_id="a", to="success"), "success"),
    "rerun": (rerun_a, "none"),
}


@pytest.mark.postgres
@pytest.mark.parametrize(("operation", "state"), WAYS.values(), ids=WAYS)
def test_what_is_queued_in_that_moment_is_taken_back_too(postgres_db, operation, state):
    ref = postgres_db.transact(lambda session: started_run(session, states={"a": "scheduled"}))

    def take_back():
        postgres_db.transact(lambda session: operation(session, NOW, "shop", "r1", actor="user:ada"))

    with met_by(postgres_db, take_back) as admission:
        found = scheduled_tasks(admission, Wanted(queues=["default"], limit=10))
        queue_tasks(admission, NOW, [each.id for each in found])
    assert states_of(postgres_db, ref)["a"] == state
    with postgres_db.read() as session:
        of_tasks = sa.select(attempt.c.state).where(attempt.c.kind == "task")
        assert session.scalars(of_tasks).all() == ["cancelled"]
