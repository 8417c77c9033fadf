"""Alert rules and what the loop does with runs: what fires, what is over, what is told, committed together."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.alert_rules import ALWAYS, AlertRule
from scheduler.loop.alarms import Alarms
from scheduler.loop.effects import Effects
from scheduler.loop.judging import JudgeAlerts
from scheduler.loop.planning import PlanRuns
from scheduler.operations.mark import mark_run
from scheduler.store.alerts import list_firings, live_firings
from scheduler.store.engine import Database
from scheduler.store.migrate import upgrade
from scheduler.store.tables import event, outbox
from scheduler.wire import ErrorInfo
from tests.loop.engine import Engine, spec, task

HOUR = 3600.0


def rule(when="failure", **fields) -> AlertRule:
    return AlertRule(**{"name": when, "when": when, "to": ("ops",), **fields})


def alarmed(engine, *rules, **graph):
    """Give the leader rules, and a DAG of one task."""
    engine.alarms = Alarms(rules)
    engine.effects = Effects(engine.alarms)
    engine.meet_workers()
    engine.define(spec(task("a"), **graph))
    return JudgeAlerts(engine.alarms)


def fail(engine, **names):
    run = engine.trigger(**names)
    engine.run_to_end(state="failed", retryable=False)
    return run


def succeed(engine):
    engine.trigger()
    engine.run_to_end()


def judge(engine, duty):
    return engine.db.transact(lambda session: duty(session, engine.now, 100))


def told(engine):
    """Return the titles and channels of all messages, oldest first."""
    with engine.db.read() as session:
        rows = session.execute(sa.select(outbox.c.payload, outbox.c.channel).order_by(outbox.c.id))
        return [(row.payload["title"], row.channel) for row in rows]


def firing(engine):
    with engine.db.read() as session:
        return [each.rule.name for each in live_firings(session, 10)]


def test_a_dag_that_fails_again_is_told_once_until_a_run_succeeds(engine):
    alarmed(engine, rule(recovered=True))
    fail(engine, run_id="r1")
    fail(engine)
    assert told(engine) == [("orders failed", "ops")]
    succeed(engine)
    assert told(engine)[1:] == [("Over: orders failed", "ops")]
    succeed(engine)
    fail(engine)
    assert told(engine)[2:] == [("orders failed", "ops")]


def test_each_failed_run_is_told_where_the_rule_asks_for_every_one(engine):
    alarmed(engine, rule(repeat=ALWAYS, to=("ops", "mail")))
    fail(engine)
    fail(engine)
    fact = [("orders failed", "ops"), ("orders failed", "mail")]
    assert told(engine) == [*fact, *(("Still: " + title, channel) for title, channel in fact)]
    with engine.db.read() as session:
        ids = session.scalars(sa.select(outbox.c.dedupe_key)).all()
    assert len(set(ids)) == 4


def test_a_message_says_why_and_which_rule_and_leads_to_the_run(engine):
    alarmed(engine, rule())
    fail(engine, run_id="r1")
    with engine.db.read() as session:
        [payload] = session.scalars(sa.select(outbox.c.payload))
    assert "Run r1 of orders failed: a" in payload["body"]
    assert "Rule failure, since 2026-11-21 12:00:00 UTC" in payload["body"]
    assert payload["link"] == "/dags/orders/runs/r1"
    assert payload["message_id"] in payload["body"]


def test_a_message_tells_the_first_error(engine):
    alarmed(engine, rule(), rule("failures", count=2, within=HOUR))
    engine.trigger()
    engine.run_to_end(
        state="failed",
        retryable=False,
        error=ErrorInfo(
            type="KeyError", message="'currency'", line="KeyError: 'currency' (orders.py:57 in a)"
        ),
    )
    with engine.db.read() as session:
        [payload] = session.scalars(sa.select(outbox.c.payload))
    assert "failed: a. a: KeyError: 'currency' (orders.py:57 in a)" in payload["body"]


def test_each_step_of_an_alert_is_an_event_of_the_run(engine):
    alarmed(engine, rule())
    run = fail(engine)
    succeed(engine)
    query = sa.select(event.c.kind, event.c.dag_id, event.c.run_pk).where(event.c.kind.like("alert.%"))
    with engine.db.read() as session:
        rows = session.execute(query.order_by(event.c.id)).all()
    assert rows == [("alert.fired", "orders", run), ("alert.recovered", "orders", run)]


def test_who_is_named_while_a_rule_fires_is_told_of_the_next_failure(engine):
    duty = alarmed(engine, rule(repeat=ALWAYS))
    fail(engine)
    alarms = Alarms((rule(repeat=ALWAYS, to=("ops", "mail")),))
    engine.effects = Effects(alarms)
    fail(engine)
    assert [channel for _, channel in told(engine)] == ["ops", "ops", "mail"]
    judge(engine, duty)
    assert len(told(engine)) == 3


def test_a_rule_is_silent_about_dags_that_it_does_not_choose_and_costs_them_no_statement(engine):
    alarmed(engine)
    fail(engine)
    with engine.db.count() as without:
        fail(engine)
    engine.alarms = Alarms((rule(dags=("other",)), rule("worker_lost")))
    engine.effects = Effects(engine.alarms)
    with engine.db.count() as beside:
        fail(engine)
    assert told(engine) == []
    assert len(beside.statements) == len(without.statements)


def test_the_rules_of_a_dags_own_file_hold_for_it(engine):
    alarmed(engine, alerts=({"when": "failure", "to": ["ops"]},))
    fail(engine)
    assert firing(engine) == ["orders:failure"]


def test_what_fires_at_the_end_of_a_run_is_not_there_when_its_transaction_is_undone(engine):
    alarmed(engine, rule())
    engine.trigger()
    engine.advance()
    [claim] = engine.claim()
    engine.report(claim, state="failed", retryable=False)

    def plan_and_fail(session):
        assert PlanRuns(engine.graphs, engine.effects)(session, engine.now, 100) == 1
        raise KeyError

    with pytest.raises(KeyError):
        engine.db.transact(plan_and_fail)
    assert (told(engine), firing(engine)) == ([], [])
    engine.advance()
    assert told(engine) == [("orders failed", "ops")]


def test_so_many_failures_within_an_hour_fire_once_and_are_over_when_they_have_left_it(engine):
    duty = alarmed(engine, rule("failures", count=3, within=HOUR, recovered=True))
    for _ in range(2):
        fail(engine)
        engine.wait(minutes=10)
    succeed(engine)
    assert told(engine) == []
    fail(engine)
    fail(engine)
    assert told(engine) == [("orders failed 3 times within 1 h", "ops")]
    engine.wait(minutes=51)
    judge(engine, duty)
    assert firing(engine) == [], "two of four are left"
    assert told(engine)[1:] == [("Over: orders failed 3 times within 1 h", "ops")]


def test_a_window_that_is_filled_again_while_it_fires_is_looked_at_again(engine):
    duty = alarmed(engine, rule("failures", count=2, within=HOUR))
    for _ in range(4):
        fail(engine)
        engine.wait(minutes=12)
        judge(engine, duty)
        engine.wait(minutes=13)
        judge(engine, duty)
    assert len(told(engine)) == 1
    engine.wait(hours=1)
    judge(engine, duty)
    judge(engine, duty)
    assert firing(engine) == []


def test_a_failed_run_that_a_person_marks_as_good_is_over(engine):
    duty = alarmed(engine, rule(recovered=True))
    fail(engine, run_id="r1")
    engine.db.transact(
        lambda session: mark_run(session, engine.now, "orders", "r1", to="success", actor="user:ada")
    )
    judge(engine, duty)
    assert firing(engine) == []
    assert told(engine)[1:] == [("Over: orders failed", "ops")]


def test_what_lasts_is_told_again_after_each_repeat(engine):
    duty = alarmed(engine, rule(repeat=HOUR))
    fail(engine)
    for minutes in (30, 31, 30, 31):
        engine.wait(minutes=minutes)
        judge(engine, duty)
        judge(engine, duty)
    assert [title for title, _ in told(engine)] == [
        "orders failed",
        "Still: orders failed",
        "Still: orders failed",
    ]


def test_a_rule_that_is_gone_fires_no_longer_and_nobody_is_told(engine):
    alarmed(engine, rule(recovered=True))
    fail(engine)
    judge(engine, JudgeAlerts(Alarms()))
    with engine.db.read() as session:
        [over] = list_firings(session, 10)
    assert over.over_reason == "the rule is gone"
    assert len(told(engine)) == 1


def test_messages_of_quiet_hours_wait_for_their_end(engine):
    alarmed(engine, rule(quiet="11:00-13:00"))
    fail(engine)
    with engine.db.read() as session:
        [due] = session.scalars(sa.select(outbox.c.next_try_at))
    assert due == engine.now + timedelta(hours=1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["failed", "success", "judge", "later"]), max_size=14))
def test_of_any_row_of_runs_each_firing_is_told_once_to_each_channel(tmp_path_factory, steps):
    """Never two messages for one firing, and never none, whatever the leader does between."""
    db = Database(f"sqlite:///{tmp_path_factory.mktemp('alerts') / 'dirigent.db'}")
    upgrade(db)
    engine = Engine(db)
    engine.worker()
    duty = alarmed(engine, rule(to=("ops", "mail"), recovered=True))
    expected, is_bad = [], False
    for step in steps:
        if step == "judge":
            judge(engine, duty)
        elif step == "later":
            engine.wait(minutes=7)
        else:
            engine.trigger()
            engine.run_to_end(state=step, retryable=False)
            if is_bad != (step == "failed"):
                is_bad = not is_bad
                expected.append("orders failed" if is_bad else "Over: orders failed")
    found = told(engine)
    db.close()
    assert found == [(title, channel) for title in expected for channel in ("ops", "mail")]


def test_a_good_run_of_a_dag_with_rules_costs_one_statement_more(engine):
    alarmed(engine)
    succeed(engine)
    with engine.db.count() as without:
        succeed(engine)
    engine.alarms = Alarms((rule(), rule("failures", count=3, within=HOUR)))
    engine.effects = Effects(engine.alarms)
    with engine.db.count() as beside:
        succeed(engine)
    assert len(beside.statements) <= len(without.statements) + 1
    assert beside.commits == without.commits
