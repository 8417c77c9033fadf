"""Deadlines of runs: called back once where they are missed, whatever becomes of the run later."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.loop.deadlines import JudgeDeadlines
from scheduler.store.agenda import read_agenda
from scheduler.store.tables import attempt, dag_run, event
from tests.loop.engine import NOW, spec, task

HOURLY = {"reference": "queued_at", "interval_s": 3600.0, "name": "in an hour"}
SOONER = {"reference": "queued_at", "interval_s": 60.0, "name": ""}


@pytest.fixture
def timed(engine):
    """A leader with a DAG whose runs have two deadlines, and one run."""
    engine.define(spec(task("a"), deadlines=(HOURLY, SOONER)))
    engine.run = engine.trigger()
    return engine


def judge(engine):
    duty = JudgeDeadlines(engine.effects)
    return engine.db.transact(lambda session: duty(session, engine.now, 100))


def agenda(engine):
    with engine.db.read() as session:
        return read_agenda(session)


def called(engine):
    with engine.db.read() as session:
        query = sa.select(attempt.c.payload).where(attempt.c.kind == "dag_callback").order_by(attempt.c.id)
        return [each["callback"] for each in session.scalars(query)]


def states(engine):
    with engine.db.read() as session:
        return [each["state"] for each in session.scalar(sa.select(dag_run.c.deadlines))]


def test_the_agenda_knows_the_first_deadline_and_no_duty_looks_before(timed):
    assert agenda(timed).deadline_at == NOW + timedelta(minutes=1)
    assert not agenda(timed).has_deadline(NOW)
    assert agenda(timed).has_deadline(NOW + timedelta(minutes=1))
    assert judge(timed) == 0


def test_a_deadline_that_is_missed_calls_back_once_and_leaves_an_event(timed):
    timed.wait(minutes=2)
    assert (judge(timed), judge(timed)) == (1, 0)
    assert called(timed) == ["deadline:1"]
    assert states(timed) == ["waits", "missed"]
    assert timed.effects.take_rings() == ["default"]
    with timed.db.read() as session:
        [said] = session.scalars(sa.select(event.c.reason).where(event.c.kind == "run.deadline"))
    assert said == "deadline 2: the run had not succeeded by 2026-11-21 12:01:00 UTC"
    timed.wait(minutes=59)
    assert (judge(timed), judge(timed)) == (1, 0)
    assert called(timed) == ["deadline:1", "deadline:0"]
    assert agenda(timed).deadline_at is None


def test_a_run_that_succeeded_by_then_calls_nobody(timed):
    timed.advance()
    timed.report(*timed.claim())
    timed.advance()
    assert timed.run_state(timed.run) == "success"
    timed.wait(hours=2)
    assert judge(timed) == 1
    assert (called(timed), states(timed)) == ([], ["met", "met"])


def test_the_mean_of_the_last_runs_counts_where_there_are_enough(engine):
    mean = {"reference": "average_runtime", "interval_s": 10.0, "name": "slow", "min_runs": 1, "max_runs": 2}
    engine.define(spec(task("a"), deadlines=(mean,)))
    first = engine.trigger()
    assert agenda(engine).deadline_at is None
    engine.advance()
    engine.wait(seconds=40)
    engine.report(*engine.claim())
    engine.advance()
    assert engine.run_state(first) == "success"
    engine.trigger()
    assert agenda(engine).deadline_at == engine.now + timedelta(seconds=50)


OWN = {"reference": "own", "interval_s": 60.0, "name": "own"}


@pytest.fixture
def asking(engine):
    """A leader with a run whose deadline a reference of the author's own is to tell."""
    engine.define(spec(task("a"), deadlines=(OWN,)))
    engine.run = engine.trigger()
    return engine


def answer(engine, state="success", **fields):
    claims = engine.claim(limit=10)
    (asked,) = [each for each in claims if each.kind == "dag_callback"]
    engine.report(asked, state=state, **fields)


def test_a_reference_of_ones_own_is_asked_once_as_soon_as_the_run_is_there(asking):
    assert agenda(asking).deadline_at == NOW
    assert (judge(asking), judge(asking)) == (1, 0)
    assert (called(asking), states(asking)) == (["reference:0"], ["asked"])

    answer(asking, deadline_at=(NOW + timedelta(minutes=5)).isoformat())
    assert states(asking) == ["waits"]
    assert agenda(asking).deadline_at == NOW + timedelta(minutes=5)
    asking.wait(minutes=6)
    assert (judge(asking), judge(asking)) == (1, 0)
    assert (called(asking), states(asking)) == (["reference:0", "deadline:0"], ["missed"])


@pytest.mark.parametrize(("said", "state"), [({"deadline_at": ""}, "none"), ({"state": "failed"}, "unknown")])
def test_a_run_whose_reference_says_nothing_has_no_deadline(asking, said, state):
    judge(asking)
    answer(asking, **said)
    assert states(asking) == [state]
    assert agenda(asking).deadline_at is None


def test_a_reference_whose_worker_died_is_asked_again(asking):
    judge(asking)
    answer(asking, state="lost", reason="killed")
    assert states(asking) == ["asked"]
    answer(asking, deadline_at=NOW.isoformat())
    assert states(asking) == ["waits"]


def test_a_dag_without_deadlines_costs_no_statement(engine):
    engine.define(spec(task("a")))
    with engine.db.count() as count:
        engine.trigger()
    plain = len(count.statements)
    engine.define(spec(task("a"), dag_id="timed", deadlines=(HOURLY,)))
    with engine.db.count() as count:
        engine.trigger("timed")
    assert len(count.statements) == plain
