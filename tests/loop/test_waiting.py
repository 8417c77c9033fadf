"""Since when a task waits that is put off again and again: its timeout counts from there."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.operations.explain import explain_task
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.tables import task_instance
from tests.loop.engine import spec, task


def claimed(engine, **outcome):
    """Have one attempt end so, a minute after the one before; return its claim."""
    engine.wait(minutes=1)
    while engine.advance():
        pass
    [claim] = engine.claim()
    engine.report(claim, **outcome)
    return claim


def once(engine, **outcome):
    """Have one attempt end so; return since when its task waits."""
    return claimed(engine, **outcome).waiting_since


def tried(engine, **outcome):
    """Have one attempt end so; return which try it was, of how many."""
    claim = claimed(engine, **outcome)
    return claim.try_number - claim.excused, claim.max_tries - claim.excused


def since(engine):
    with engine.db.read() as session:
        return session.execute(sa.select(task_instance.c.waiting_since)).scalar_one()


def test_a_wait_begins_with_the_first_look_and_survives_what_puts_it_off(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    assert once(engine, state="reschedule") is None
    began = since(engine)
    assert began == engine.now
    assert once(engine, state="reschedule") == began
    assert once(engine, state="lost") == began
    assert once(engine, state="cancelled") == began
    assert once(engine) == began


def test_each_try_waits_from_its_own_start(engine):
    engine.define(spec(task("a", retries=1, retry_delay_s=0)))
    engine.trigger()
    once(engine, state="reschedule")
    assert once(engine, state="failed") is not None
    assert since(engine) is None
    assert once(engine, state="reschedule") is None
    assert since(engine) == engine.now


def test_what_was_put_off_lost_or_stopped_is_no_try_and_a_rerun_is_one(engine):
    engine.define(spec(task("a", retries=1, retry_delay_s=0)))
    engine.trigger(run_id="first")
    for state in ("reschedule", "lost", "cancelled"):
        assert tried(engine, state=state) == (1, 2)
    assert tried(engine, state="failed") == (1, 2)
    assert tried(engine, state="reschedule") == (2, 2)
    assert tried(engine, state="success") == (2, 2)
    request = RerunRequest(dag_id="orders", run_id="first")
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    assert tried(engine, state="success") == (3, 4)


def test_a_task_that_is_cleared_waits_anew(engine):
    engine.define(spec(task("a")))
    engine.trigger(run_id="first")
    once(engine, state="reschedule")
    request = RerunRequest(dag_id="orders", run_id="first")
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    assert since(engine) is None


def test_why_it_waits_says_since_when(engine):
    engine.worker()
    engine.define(spec(task("a")))
    engine.trigger(run_id="first")
    once(engine, state="reschedule", reschedule_at="2026-11-21T13:00:00+00:00")
    with engine.db.read() as session:
        said = explain_task(session, "orders", "first", "a")
    assert said[-1] == "It looks again at 2026-11-21 13:00:00 UTC; it waits since 2026-11-21 12:01:00 UTC."
