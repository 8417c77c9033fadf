"""Runs that are cut short, by a failure, by hand or by a lost worker: what goes on without them, and what is left."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from scheduler.core.states import RunState
from scheduler.operations.cancel import cancel_run
from scheduler.operations.delete import delete_run
from scheduler.operations.mark import mark_run
from scheduler.store.agenda import Agenda, read_agenda
from scheduler.store.claims import release_attempts
from scheduler.store.pools import Pool, put_pool
from scheduler.store.scheduled import Wanted, scheduled_tasks
from scheduler.store.setting_aside import set_run_aside
from scheduler.store.tables import attempt
from scheduler.store.tickets import queue_tasks
from tests.loop.engine import WAYS, Engine, spec, task
from tests.store.contention import met_by


def states_of_attempts(engine):
    with engine.db.read() as session:
        return list(
            session.execute(
                sa.select(attempt.c.state, attempt.c.cancel_reason).order_by(attempt.c.priority.desc())
            )
        )


def test_a_fail_fast_dag_stops_what_runs_and_takes_back_what_is_queued(engine):
    first_to_last = (task("a", priority_weight=3), task("b", priority_weight=2), task("c"))
    engine.define(spec(*first_to_last, fail_fast=True))
    run = engine.trigger()
    engine.advance()
    first, _ = engine.claim(limit=2)
    engine.report(first, state="failed")
    engine.advance()

    assert engine.states(run) == {"a": "failed", "b": "failed", "c": "skipped"}
    reason = "stopped because a failed and the DAG is fail_fast"
    assert states_of_attempts(engine) == [("failed", None), ("running", reason), ("cancelled", reason)]
    assert engine.claim() == []


@pytest.mark.postgres
def test_a_fail_fast_dag_takes_back_what_is_queued_in_that_moment(postgres_db):
    engine = Engine(postgres_db, slots=1)
    engine.worker()
    engine.define(spec(task("a"), task("b"), task("c"), fail_fast=True))
    run = engine.trigger()
    engine.advance()
    (first,) = engine.claim(limit=1)
    engine.report(first, state="failed")
    with met_by(postgres_db, engine.advance) as admission:
        found = scheduled_tasks(admission, Wanted(queues=["default"], limit=10))
        queue_tasks(admission, engine.now, [each.id for each in found])
    assert engine.states(run) == {"a": "failed", "b": "skipped", "c": "skipped"}
    assert [state for _, _, state in engine.attempts(run)] == ["failed", "cancelled", "cancelled"]


def test_a_skip_that_follows_from_another_frees_the_run_that_waits_for_it(engine):
    engine.define(spec(task("x"), task("a", "x", depends_on_past=True)))
    first = engine.trigger(logical_date=engine.now)
    engine.advance()
    claims = engine.claim()
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)
    engine.advance()
    engine.report(*engine.claim())
    engine.advance()
    engine.report(*claims, state="skipped")
    engine.run_to_end()

    assert engine.states(first) == {"x": "skipped", "a": "skipped"}
    assert engine.run_state(second) == RunState.SUCCESS


@pytest.mark.parametrize("end", [cancel_run, partial(mark_run, to="success"), partial(mark_run, to="failed")])
def test_a_run_that_is_ended_by_hand_frees_the_one_that_waits_for_it(engine, end):
    engine.define(spec(task("x"), task("a", "x", depends_on_past=True)))
    engine.trigger(run_id="r1", logical_date=engine.now)
    engine.advance()
    engine.claim()
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)
    engine.advance()
    engine.report(*engine.claim())
    engine.advance()

    engine.db.transact(lambda session: end(session, engine.now, "orders", "r1", actor="user:ada"))
    engine.run_to_end()

    assert engine.run_state(second) == RunState.SUCCESS


@pytest.mark.parametrize("end", [cancel_run, partial(mark_run, to="success"), partial(mark_run, to="failed")])
def test_what_ended_just_before_its_run_was_ended_by_hand_frees_the_run_that_waits_for_it(engine, end):
    engine.define(spec(task("a", depends_on_past=True), task("b")))
    engine.trigger(run_id="r1", logical_date=engine.now)
    engine.advance()
    ended = [claim for claim in engine.claim() if claim.task_id == "a"]
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)
    engine.run_to_end()
    assert engine.states(second) == {"a": "none", "b": "success"}

    engine.report(*ended)
    engine.db.transact(lambda session: end(session, engine.now, "orders", "r1", actor="user:ada"))
    engine.run_to_end()

    assert engine.run_state(second) == RunState.SUCCESS


def test_a_cancelled_attempt_that_a_stopping_worker_gives_back_ends(engine):
    engine.define(spec(task("a")))
    engine.trigger(run_id="r1")
    engine.advance()
    [claim] = engine.claim()
    engine.db.transact(lambda session: cancel_run(session, engine.now, "orders", "r1", actor="user:ada"))
    engine.db.transact(lambda session: release_attempts(session, engine.now, [claim.id], worker_id="w1"))

    assert states_of_attempts(engine) == [("cancelled", "cancelled by user:ada")]
    assert engine.claim("w2") == []


def test_a_fail_fast_run_ends_where_a_retry_was_due_in_the_same_moment(engine):
    engine.define(spec(task("a"), task("b", retries=1, retry_delay_s=30), fail_fast=True))
    run = engine.trigger()
    engine.advance()
    first, second = sorted(engine.claim(), key=lambda claim: claim.task_id)
    engine.report(second, state="failed")
    engine.advance()
    engine.wait(seconds=31)
    engine.report(first, state="failed")
    engine.run_to_end()

    assert engine.states(run) == {"a": "failed", "b": "skipped"}
    assert engine.run_state(run) == RunState.FAILED


def test_a_cancelled_run_whose_attempts_have_stopped_leaves_the_leader_nothing_to_do(engine):
    engine.define(spec(task("a")))
    run = engine.trigger(run_id="r1")
    engine.advance()
    claims = engine.claim()
    engine.db.transact(lambda session: cancel_run(session, engine.now, "orders", "r1", actor="user:ada"))
    engine.report(*claims, state="cancelled")
    assert engine.run_state(run) == "failed"
    assert not has_work(engine)


def test_a_cancelled_run_whose_worker_was_lost_leaves_the_leader_nothing_to_do(engine):
    engine.define(spec(task("a")))
    engine.trigger(run_id="r1")
    engine.advance()
    engine.claim()
    engine.db.transact(lambda session: cancel_run(session, engine.now, "orders", "r1", actor="user:ada"))
    engine.kill("w1")
    assert not has_work(engine)


def has_work(engine) -> bool:
    with engine.db.read() as session:
        return read_agenda(session).has_work


def test_a_run_that_is_over_and_was_set_aside_is_taken_up_for_good(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    engine.run_to_end()
    engine.db.transact(lambda session: set_run_aside(session, engine.now, run, "a callback cannot be read"))
    engine.wait(minutes=6)
    engine.advance()
    with engine.db.read() as session:
        assert read_agenda(session) == Agenda()


@pytest.mark.parametrize("hands_on", WAYS)
def test_a_place_in_a_pool_comes_back_once_the_cancelled_attempt_has_stopped(engine, hands_on):
    engine.hands_on = hands_on
    engine.db.transact(lambda session: put_pool(session, Pool("licence", 1)))
    engine.define(spec(task("a", pool="licence")))
    first, second = engine.trigger(run_id="first"), engine.trigger()
    engine.advance()
    (claim,) = engine.claim()
    cancel = partial(cancel_run, now=engine.now, dag_id="orders", run_id="first", actor="user:ada")
    engine.db.transact(cancel)
    engine.advance()
    assert (engine.run_state(first), engine.states(second)) == ("failed", {"a": "scheduled"})
    engine.report(claim, state="cancelled")
    engine.advance()
    assert engine.states(second) == {"a": "queued"}


@pytest.mark.postgres
def test_a_run_that_is_planned_while_the_one_before_is_being_ended_by_hand_goes_on(postgres_db):
    engine = Engine(postgres_db)
    engine.worker()
    engine.define(spec(task("a", depends_on_past=True)))
    engine.trigger(run_id="first", logical_date=engine.now)
    engine.advance()
    with postgres_db.write() as session:
        mark_run(session, engine.now, "orders", "first", to="success", actor="user:ada")
        engine.wait(days=1)
        later = engine.trigger(logical_date=engine.now)
        engine.advance()
        assert engine.states(later) == {"a": "none"}
    engine.advance()
    assert engine.states(later) == {"a": "queued"}


def test_a_run_that_waits_for_one_that_is_deleted_goes_on(engine):
    engine.worker()
    engine.define(spec(task("a", depends_on_past=True)))
    engine.trigger(run_id="first", logical_date=engine.now)
    engine.run_to_end(state="failed")
    engine.wait(days=1)
    later = engine.trigger(logical_date=engine.now)
    engine.run_to_end()
    assert engine.states(later) == {"a": "none"}
    delete_run(engine.db, engine.now, "orders", "first", actor="user:ada")
    engine.run_to_end()
    assert engine.states(later) == {"a": "success"}
