"""What alert rules are judged by costs what is active, recent or few, not what history holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from scheduler.alert_rules import AlertRule
from scheduler.store import alert_facts, alerts
from scheduler.store.alerts import Subject
from tests.loop.engine import Engine, spec, task
from tests.store.specs import NOW

#: Tables that grow with history.
GROWING = ("asset_event", "dag_run", "task_instance", "attempt", "event", "alert", "outbox")


def questions(session):
    """Ask everything that the leader asks."""
    alert_facts.failures_of(session, "orders", NOW, 3)
    alert_facts.good_seconds(session, "orders", 15)
    alert_facts.facts_of_runs(session, [1])
    alert_facts.facts_of_day(session, NOW - timedelta(days=1), NOW)
    alert_facts.queue_lags(session)
    alert_facts.lost_workers(session)
    alert_facts.asset_ages(session)
    alert_facts.declared_rules(session, ["orders"])
    alerts.live_firings(session, 10)
    alerts.live_firings_of(session, ["orders"])
    alerts.due_watches(session, NOW, 10)


def test_no_question_reads_a_growing_table_from_end_to_end(migrated_sqlite_db):
    asked: dict[str, Any] = {}

    def note(session, cursor, text, binds, *rest):
        asked.setdefault(text, binds)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with migrated_sqlite_db.read() as session:
            questions(session)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    scans = {}
    with migrated_sqlite_db.read() as session:
        for text, binds in asked.items():
            if text.startswith("SELECT"):
                plan = [row[-1] for row in session.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", binds)]
                scans[text] = [
                    step
                    for step in plan
                    if step.startswith(tuple(f"SCAN {table}" for table in GROWING)) and "_live" not in step
                ]
    assert len(scans) >= 10
    assert {text: steps for text, steps in scans.items() if steps} == {}


def test_failures_are_found_by_an_index_of_failures(migrated_sqlite_db):
    query = "EXPLAIN QUERY PLAN SELECT end_date FROM dag_run WHERE dag_id = 'a' AND state = 'failed' AND end_date > 'b'"
    with migrated_sqlite_db.read() as session:
        [step] = [row[-1] for row in session.exec_driver_sql(query)]
    assert "ix_dag_run_failed" in step


def test_usual_is_taken_from_the_last_good_runs_newest_first(db):
    engine = Engine(db)
    engine.worker()
    engine.define(spec(task("a")))
    for minutes, state in ((1, "success"), (2, "failed"), (3, "success"), (4, "success")):
        engine.trigger()
        engine.advance()
        [claim] = engine.claim()
        engine.wait(minutes=minutes)
        engine.report(claim, state=state, retryable=False)
        engine.advance()
    with db.read() as session:
        assert alert_facts.good_seconds(session, "orders", 2) == [240.0, 180.0]
        assert alert_facts.good_seconds(session, "orders", 9) == [240.0, 180.0, 60.0]


def test_a_rule_fires_once_at_a_time_about_the_same(write):
    rule = AlertRule(name="r", when="failure", to=("ops",))
    first = write(alerts.begin_firing, NOW, rule, Subject("orders", "orders"), "one")
    assert write(alerts.begin_firing, NOW, rule, Subject("orders", "orders"), "two") is None
    assert write(alerts.begin_firing, NOW, rule, Subject("refunds", "refunds"), "other") is not None
    assert write(alerts.end_firing, NOW, first, "over").over_reason == "over"
    assert write(alerts.end_firing, NOW, first, "again") is None
    assert write(alerts.tell_again, NOW, first, rule, "late", first.subject) is None
    assert write(alerts.begin_firing, NOW, rule, Subject("orders", "orders"), "anew") is not None


def test_rules_of_a_kind_that_only_a_newer_program_knows_are_left_to_it(db, write):
    newer = AlertRule(name="r", when="moon_phase", to=("ops",))
    subject = Subject("orders", "orders")
    write(alerts.begin_firing, NOW, newer, subject, "full")
    write(alerts.watch, [(newer, subject, NOW)])
    with db.write() as session:
        assert alerts.live_firings(session, 10) == []
        assert alerts.due_watches(session, NOW, 10) == []
