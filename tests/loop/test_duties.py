"""The duties of time: what is done because an instant has come, not because something changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.states import AttemptState, RunState
from scheduler.loop.duties import RescueLost, RingAgain, TimeOutRuns, give_way
from scheduler.operations.mark import mark_task
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.agenda import read_agenda
from scheduler.store.leases import expire_worker
from scheduler.store.tables import attempt, dag, dag_run
from scheduler.store.tickets import TICKET_IN
from tests.loop.engine import NOW, spec, task


def do(engine, duty):
    return engine.db.transact(lambda session: duty(session, engine.now, 100))


def next_instant(engine):
    with engine.db.read() as session:
        return read_agenda(session).next_at


def test_a_run_that_outlives_its_timeout_fails_and_its_attempts_are_told_to_stop(engine):
    engine.define(spec(task("a"), task("b", "a"), dagrun_timeout_s=60))
    run = engine.trigger()
    engine.advance()
    [claim] = engine.claim()
    duty = TimeOutRuns(engine.graphs, engine.effects)

    engine.wait(seconds=59)
    assert do(engine, duty) == 0
    engine.wait(seconds=2)
    assert do(engine, duty) == 1

    assert engine.run_state(run) == RunState.FAILED
    assert "dagrun_timeout" in engine.reason(run)
    assert engine.states(run) == {"a": "failed", "b": "skipped"}
    with engine.db.read() as session:
        reason = session.execute(
            sa.select(attempt.c.cancel_reason).where(attempt.c.id == claim.id)
        ).scalar_one()
    assert "dagrun_timeout" in reason
    assert engine.report(claim) == []
    assert engine.states(run)["a"] == "failed"
    assert engine.attempts(run) == [("a", 1, AttemptState.CANCELLED)]


def test_a_ticket_that_nobody_heard_goes_out_again_after_its_deadline_and_not_before(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    engine.advance()
    engine.effects.take_rings()
    duty = RingAgain(engine.effects)

    do(engine, duty)
    assert engine.effects.take_rings() == []
    engine.now += TICKET_IN
    do(engine, duty)
    assert engine.effects.take_rings() == ["default"]
    do(engine, duty)
    assert engine.effects.take_rings() == []


def test_only_attempts_whose_lease_ran_out_are_rescued(engine):
    engine.worker("w2")
    engine.define(spec(task("a"), task("b")))
    run = engine.trigger()
    engine.advance()
    engine.claim("w1", limit=1)
    engine.claim("w2", limit=1)
    engine.db.transact(lambda session: expire_worker(session, "w2"))

    assert do(engine, RescueLost(engine.graphs)) == 1

    assert [state for _, _, state in engine.attempts(run)] == ["running", "lost"]


def test_the_agenda_names_the_next_instant_at_which_time_asks_for_something(engine):
    assert next_instant(engine) is None
    engine.define(spec(task("a", retries=1, retry_delay_s=5), dagrun_timeout_s=600))
    engine.trigger()
    engine.advance()
    assert next_instant(engine) == engine.now + TICKET_IN
    engine.report(*engine.claim(), state="failed")
    engine.advance()
    assert (next_instant(engine) - engine.now).total_seconds() == 5


def daily(engine, number):
    """Trigger the run of a day."""
    return engine.trigger(run_id=f"r{number}", logical_date=NOW + timedelta(days=number))


def knot(engine):
    """The first run has failed, the second has the only place and waits for it."""
    engine.define(spec(task("a", depends_on_past=True), max_active_runs=1))
    runs = daily(engine, 1), daily(engine, 2)
    engine.run_to_end(state="failed", retryable=False)
    assert [engine.run_state(run) for run in runs] == ["failed", "running"]
    return runs


def rerun_first(session):
    return rerun(session, NOW, RerunRequest(dag_id="orders", run_id="r1"), actor="user:ada")


def mark_first(session):
    return mark_task(session, NOW, "orders", "r1", "a", to="success", actor="user:ada")


@pytest.mark.parametrize("mend", [rerun_first, mark_first])
def test_a_run_that_waits_for_an_earlier_one_leaves_it_its_place(engine, mend):
    runs = knot(engine)
    assert do(engine, give_way) == 0
    engine.db.transact(mend)
    engine.run_to_end()
    assert [engine.run_state(run) for run in runs] == ["queued", "running"]

    assert do(engine, give_way) == 1
    engine.run_to_end()

    assert [engine.run_state(run) for run in runs] == ["success", "success"]


def test_a_run_leaves_its_place_to_none_that_comes_later_or_waits_for_its_paused_dag(engine):
    _, second = knot(engine)
    daily(engine, 3)
    assert do(engine, give_way) == 0
    with engine.db.write() as session:
        session.execute(sa.update(dag).values(is_paused=True))
        session.execute(sa.update(dag_run).where(dag_run.c.id != second).values(run_type="scheduled"))
    engine.db.transact(rerun_first)

    assert do(engine, give_way) == 0


def test_a_run_in_which_something_moves_keeps_its_place(engine):
    engine.define(spec(task("a", depends_on_past=True), task("b"), max_active_runs=1))
    first = daily(engine, 1)
    engine.run_to_end(state="failed")
    second = daily(engine, 2)
    engine.advance()
    [claim] = engine.claim()
    engine.db.transact(rerun_first)
    assert do(engine, give_way) == 0
    engine.report(claim)
    assert do(engine, give_way) == 0, "before its consequences are drawn"
    engine.advance()

    assert do(engine, give_way) == 1
    engine.run_to_end()
    assert [engine.run_state(run) for run in (first, second)] == ["success", "success"]
