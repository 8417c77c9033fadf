"""Attempts that are cut short: what they cost their task, and callbacks, which run again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.core.settle import MAX_LOSSES
from scheduler.store.losses import count_cut_short
from scheduler.store.tables import attempt, task_instance
from tests.loop.engine import spec, task

KILLED = {"state": "lost", "reason": "its preloader was killed by SIGKILL"}
STOPPED = {"state": "cancelled", "reason": "the worker was stopped"}


def once(engine, **outcome):
    """Have one attempt run, and end so; return its claim."""
    while engine.advance():
        pass
    [claim] = engine.claim(limit=1)
    engine.report(claim, **outcome)
    return claim


def callbacks(engine):
    with engine.db.read() as session:
        query = sa.select(attempt.c.state, attempt.c.payload).where(attempt.c.kind != "task")
        return [tuple(row) for row in session.execute(query.order_by(attempt.c.id))]


def test_orderly_stops_cost_neither_tries_nor_losses(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    claims = [once(engine, **STOPPED) for _ in range(MAX_LOSSES + 2)]
    with engine.db.read() as session:
        assert count_cut_short(session, claims[-1].id) == len(claims)
    for _ in range(MAX_LOSSES):
        once(engine, **KILLED)
        assert engine.states(run) == {"a": "up_for_retry"}
    once(engine, **KILLED)
    assert engine.states(run) == {"a": "failed"}


def test_losses_count_anew_once_a_sensor_has_looked(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    for _ in range(2):
        for _ in range(MAX_LOSSES):
            once(engine, **KILLED)
        once(engine, state="reschedule")
    assert engine.states(run) == {"a": "up_for_reschedule"}
    with engine.db.read() as session:
        assert session.execute(sa.select(task_instance.c.losses)).scalar_one() == 0


def test_a_callback_that_is_lost_with_its_worker_runs_again_up_to_a_limit(engine):
    engine.define(spec(task("a"), has_failure_callback=True))
    engine.trigger()
    once(engine, state="failed")
    while engine.advance():
        pass
    for _ in range(MAX_LOSSES + 1):
        assert len(engine.claim()) == 1
        engine.kill("w1")
    assert engine.claim() == []
    (first, *_, last) = callbacks(engine)
    assert first == last
    assert [state for state, _ in callbacks(engine)] == ["lost"] * (MAX_LOSSES + 1)


@pytest.mark.parametrize("outcome", [KILLED, STOPPED])
def test_a_callback_that_is_cut_short_runs_again(engine, outcome):
    engine.define(spec(task("a"), has_success_callback=True))
    engine.trigger()
    once(engine)
    once(engine, **outcome)
    once(engine)
    assert [state for state, _ in callbacks(engine)] == ["lost", "success"]
    assert engine.claim() == []


def test_a_callback_that_fails_is_not_tried_again(engine):
    engine.define(spec(task("a"), has_success_callback=True))
    engine.trigger()
    once(engine)
    once(engine, state="failed")
    assert [state for state, _ in callbacks(engine)] == ["failed"]
    assert engine.claim() == []


def test_the_callback_of_a_task_leaves_the_state_of_its_task_alone(engine):
    engine.define(spec(task("a", has_failure_callback=True), task("b", "a")))
    run = engine.trigger()
    once(engine, state="failed", reason="killed by SIGKILL", signal=9)
    while engine.advance():
        pass
    with engine.db.write() as session:
        session.execute(sa.update(task_instance).values(state="queued"))
    [callback] = engine.claim()
    assert callback.kind == "task_callback"
    assert engine.states(run)["a"] == "queued"
