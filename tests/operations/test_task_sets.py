"""Tasks of many runs, cleared or marked at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.core.states import RunState
from scheduler.errors import Conflict
from scheduler.operations.mark import mark_task
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.operations.task_sets import Span, clear_tasks, mark_tasks, preview_clears
from scheduler.operations.trigger import trigger_run
from scheduler.store.claims import claim_attempts
from scheduler.store.runs import move_runs
from tests.operations.plays import put, started_run, states_of, worker
from tests.store.contention import met_by
from tests.store.specs import NOW

BROKEN = RerunRequest(dag_id="shop", run_id="r1", tasks=("a",), only_failed=True)
FROM_FIRST = Span(run_id="r1", future=True)


def two_runs(session, state):
    """Add a run and a later one, with a task of both in a state."""
    first = started_run(session, run_id="r1")
    later = trigger_run(session, NOW + timedelta(1), "shop", run_id="r2", actor="user:ada")
    move_runs(session, NOW, [later.run_pk], RunState.RUNNING)
    for ref in (first, later):
        put(session, ref, "a", state)
    return first, later


def test_a_task_is_marked_in_a_run_and_all_later_ones(db, write):
    refs = write(two_runs, "failed")
    request = RerunRequest(dag_id="shop", run_id="r1", tasks=("a",))
    done = write(mark_tasks, NOW, request, FROM_FIRST, to="success", note="seen", actor="user:ada")
    assert [each.run_id for each in done] == ["r1", "r2"]
    assert [states_of(db, ref)["a"] for ref in refs] == ["success", "success"]


def test_what_is_cleared_is_what_was_shown(db, write):
    refs = write(two_runs, "failed")
    write(mark_task, NOW, "shop", "r2", "a", to="success", actor="")
    shown = write(preview_clears, BROKEN, FROM_FIRST)
    assert write(clear_tasks, NOW, BROKEN, FROM_FIRST, actor="user:ada") == shown
    assert [states_of(db, ref)["a"] for ref in refs] == ["none", "success"]


@pytest.mark.postgres
def test_where_one_run_is_cleared_by_somebody_else_in_that_moment_the_others_are_cleared(postgres_db):
    refs = postgres_db.transact(lambda session: two_runs(session, "failed"))

    def clear():
        postgres_db.transact(lambda session: clear_tasks(session, NOW, BROKEN, FROM_FIRST, actor="user:ada"))

    with met_by(postgres_db, clear) as other:
        rerun(other, NOW, BROKEN, actor="user:bob")
    assert [states_of(postgres_db, ref)["a"] for ref in refs] == ["none", "none"]


@pytest.mark.postgres
def test_what_starts_in_that_moment_is_not_cleared_where_nothing_that_runs_is_to_be(postgres_db):
    ref = postgres_db.transact(lambda session: started_run(session, states={"a": "queued"}))
    postgres_db.transact(worker)
    request = RerunRequest(dag_id="shop", run_id="r1", tasks=("a",))

    def clear():
        with pytest.raises(Conflict, match="'a' is running, and nothing was cleared"):
            postgres_db.transact(
                lambda session: clear_tasks(
                    session, NOW, request, Span(run_id="r1"), unless_running=True, actor="user:ada"
                )
            )

    with met_by(postgres_db, clear) as other:
        claim_attempts(other, NOW, worker_id="w1", hostname="h", queues=["default"], limit=1, lease_s=60.0)
    assert states_of(postgres_db, ref)["a"] == "running"
