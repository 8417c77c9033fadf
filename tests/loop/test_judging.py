"""Alert rules judged by time: late runs, long runs, days without a run, queues that lag, workers that are lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.alert_rules import AlertRule, read_rule
from scheduler.loop.alarms import Alarms
from scheduler.loop.creating import CreateDueRuns
from scheduler.loop.effects import Effects
from scheduler.loop.judging import JudgeAlerts
from scheduler.operations.cancel import cancel_run
from scheduler.store.alerts import EVERY_DAG, Subject, keep_days, list_firings, live_firings
from scheduler.store.assets import put_assets
from scheduler.store.tables import alert_watch, asset_event, dag, outbox, worker
from scheduler.store.workers import stop_worker
from scheduler.wire import ScheduleSpec
from tests.loop.engine import spec, task


def rule(when, **fields) -> AlertRule:
    return read_rule({"name": when, "when": when, "to": ["ops"], **fields})


class Look:
    """A leader with rules, and what it told."""

    def __init__(self, engine, *rules):
        self.engine = engine
        engine.alarms = Alarms(rules)
        engine.effects = Effects(engine.alarms)
        self.duty = JudgeAlerts(engine.alarms)

    def __call__(self, **delay):
        """Let time pass, and judge; return what fires."""
        self.engine.wait(**delay)
        self.engine.db.transact(lambda session: self.duty(session, self.engine.now, 100))
        with self.engine.db.read() as session:
            return [each.subject.key for each in live_firings(session, 10)]

    def create_due(self):
        duty = CreateDueRuns(self.engine.graphs, alarms=self.engine.alarms)
        return self.engine.db.transact(lambda session: duty(session, self.engine.now, 10))

    @property
    def titles(self):
        with self.engine.db.read() as session:
            payloads = session.scalars(sa.select(outbox.c.payload).order_by(outbox.c.id))
            return [payload["title"] for payload in payloads]

    @property
    def reasons(self):
        with self.engine.db.read() as session:
            return [each.reason for each in list_firings(session, 10)]


def define(engine, **fields):
    engine.define(spec(task("a"), **fields))


def run_for(engine, **duration):
    engine.trigger()
    engine.advance()
    [claim] = engine.claim()
    engine.wait(**duration)
    engine.report(claim)
    engine.advance()


def hourly(engine, **fields):
    define(engine, schedule=ScheduleSpec(kind="cron", cron="@hourly"), **fields)
    with engine.db.write() as session:
        due = {"next_run_at": engine.now, "next_logical_date": engine.now}
        due |= {"next_interval_start": engine.now, "next_interval_end": engine.now}
        session.execute(sa.update(dag).values(**due))


def test_a_run_that_takes_longer_than_good_ones_did_fires_until_it_ends(engine):
    look = Look(engine, rule("longer_than_usual", factor=2, at_least=3, recovered=True))
    define(engine)
    for _ in range(3):
        run_for(engine, minutes=10)
    engine.trigger(run_id="slow")
    engine.advance()
    [claim] = engine.claim()

    assert look(minutes=19) == []
    assert look(minutes=2) == ["orders slow"]
    assert look(minutes=30) == ["orders slow"]
    engine.report(claim)
    engine.advance()

    assert look() == []
    assert look.titles == ["orders takes longer than usual", "Over: orders takes longer than usual"]
    assert look.reasons == ["Run slow of orders takes longer than 2 times what good runs usually take."]


def test_too_few_good_runs_make_no_usual(engine):
    look = Look(engine, rule("longer_than_usual", at_least=3))
    define(engine)
    for _ in range(2):
        run_for(engine, minutes=1)
    engine.trigger()
    engine.advance()
    assert look(days=2) == []


def test_a_run_that_a_person_cancels_takes_no_longer(engine):
    look = Look(engine, rule("longer_than_usual", at_least=1, runs=2, recovered=True))
    define(engine)
    run_for(engine, minutes=1)
    engine.trigger(run_id="slow")
    engine.advance()
    assert look(minutes=3) == ["orders slow"]
    engine.db.transact(lambda session: cancel_run(session, engine.now, "orders", "slow", actor="user:ada"))
    assert look() == []


def test_a_scheduled_run_must_start_so_long_after_it_was_due(engine):
    look = Look(engine, rule("not_started", after="30m", recovered=True))
    hourly(engine)
    look.create_due()
    assert look(minutes=29) == []
    [late] = look(minutes=1)
    assert late.startswith("orders scheduled__")
    engine.run_to_end()
    assert look() == []
    assert look.titles == ["orders has not started in time", "Over: orders has not started in time"]


def test_a_scheduled_run_must_succeed_so_long_after_it_was_due(engine):
    look = Look(engine, rule("not_finished", after="30m"))
    hourly(engine)
    look.create_due()
    engine.advance()
    [claim] = engine.claim()
    engine.report(claim, state="failed", retryable=False)
    engine.advance()
    assert look(minutes=29) == []
    assert len(look(minutes=1)) == 1, "it ended, and did not succeed"
    engine.trigger()
    engine.run_to_end()
    assert look() == [], "a later run did"


def test_of_runs_that_catch_up_only_the_newest_is_looked_at(engine):
    look = Look(engine, rule("not_started", after="30m"))
    hourly(engine, catchup=True, start_date=engine.now.isoformat())
    engine.wait(hours=3, minutes=31)
    for _ in range(4):
        look.create_due()
    assert look() == ["orders scheduled__2026-11-21T15:00:00+00:00"]


def test_a_late_run_is_not_made_good_by_one_before_it(engine):
    look = Look(engine, rule("not_finished", after="30m"))
    hourly(engine)
    engine.trigger()
    engine.advance()
    [before] = engine.claim()
    look.create_due()
    engine.advance()
    assert len(look(minutes=30)) == 1
    engine.report(before)
    engine.advance()
    assert len(look()) == 1
    engine.run_to_end()
    assert look() == []


def test_a_run_that_is_in_time_is_never_told_of(engine):
    look = Look(engine, rule("not_started", after="30m"), rule("not_finished", after="30m"))
    hourly(engine)
    look.create_due()
    engine.run_to_end()
    assert look(hours=2) == []
    with engine.db.read() as session:
        assert session.execute(sa.select(alert_watch.c.id)).all() == []


# The tests' clock begins at 12:00 UTC.
NOON_AND_TEN = {"by": "13:10", "timezone": "Europe/Berlin"}


def test_a_dag_of_which_no_run_succeeded_by_a_time_of_day_fires_until_one_does(engine):
    look = Look(engine, rule("not_finished", **NOON_AND_TEN))
    define(engine)
    assert look(minutes=9) == []
    assert look(minutes=1) == ["orders 2026-11-21"]
    assert look(minutes=1) == ["orders 2026-11-21"]
    assert look.reasons == [
        "No run of orders that was due in the day before 13:10 (Europe/Berlin) has succeeded by then."
    ]
    engine.trigger()
    engine.run_to_end()
    assert look() == []
    assert look(hours=24) == []
    assert look(hours=24) == ["orders 2026-11-23"]


def test_what_was_due_the_day_before_counts_not_what_ended_in_it(engine):
    look = Look(engine, rule("not_finished", **NOON_AND_TEN))
    define(engine)
    look()
    engine.trigger()
    engine.advance()
    [claim] = engine.claim()
    look(minutes=20)
    engine.report(claim)
    engine.advance()
    assert look() == []
    assert look(hours=24) == ["orders 2026-11-22"], "the run of yesterday ended today, and was due yesterday"


def test_a_dag_with_a_schedule_on_which_nothing_was_due_that_day_owes_nothing(engine):
    look = Look(engine, rule("not_started", **NOON_AND_TEN))
    define(engine)
    with engine.db.write() as session:
        session.execute(sa.update(dag).values(next_run_at=engine.now + timedelta(days=3)))
    look()
    assert look(minutes=10) == []
    assert [look(days=1) for _ in range(3)] == [[], [], ["orders 2026-11-24"]]


def test_a_paused_dag_owes_nothing(engine):
    look = Look(engine, rule("not_started", **NOON_AND_TEN))
    define(engine)
    with engine.db.write() as session:
        session.execute(sa.update(dag).values(is_paused=True))
    look()
    assert look(minutes=10) == []


def test_a_time_of_day_that_passed_while_nobody_led_is_judged_by_the_next_leader(engine):
    late = rule("not_started", **NOON_AND_TEN)
    Look(engine, late)()
    define(engine)
    engine.wait(hours=3)
    assert Look(engine, late)() == ["orders 2026-11-21"]


def test_a_rule_that_was_changed_is_watched_as_it_is_now(engine):
    Look(engine, rule("not_started", **NOON_AND_TEN))()
    define(engine)
    changed = Look(engine, rule("not_started", by="14:10", timezone="Europe/Berlin"))
    assert changed(minutes=10) == []
    assert changed(hours=1) == ["orders 2026-11-21"]


def test_the_time_of_day_of_a_dags_own_rule_is_dropped_with_the_rule(engine):
    own = {"when": "not_started", "to": ["ops"], **NOON_AND_TEN}
    define(engine, alerts=(own,))
    with engine.db.write() as session:
        keep_days(session, engine.now, Subject("orders", "orders"), [read_rule(own, of_dag="orders")])
    look = Look(engine)
    assert look(minutes=10) == ["orders 2026-11-21"]
    with engine.db.write() as session:
        session.execute(sa.update(dag).values(alerts=None))
    assert look(hours=24) == []
    with engine.db.read() as session:
        assert session.execute(sa.select(alert_watch.c.id)).all() == []


def test_a_queue_in_which_something_waits_too_long_fires_until_nothing_does(engine):
    look = Look(engine, rule("queue_lag", lag="5m", recovered=True), rule("worker_lost"))
    define(engine)
    engine.trigger()
    engine.advance()
    assert look(minutes=4) == []
    assert look(minutes=1) == ["default"]
    assert look.reasons == ["Something has waited for 5 min in queue default, which 1 worker serves."]
    engine.claim()
    assert look() == []
    assert look.titles == ["queue default lags", "Over: queue default lags"]


def test_a_queue_that_no_worker_serves_lags_too(engine):
    look = Look(engine, rule("queue_lag", lag="5m", queues=["gpu"]))
    engine.define(spec(task("a", queue="gpu"), task("b", queue="other")))
    engine.trigger()
    engine.advance()
    assert look(minutes=5) == ["gpu"]
    assert "which no workers serve" in look.reasons[0]


def test_a_worker_that_falls_silent_fires_until_it_is_back(engine):
    look = Look(engine, rule("worker_lost", recovered=True, repeat="1h"))
    assert look() == []
    with engine.db.write() as session:
        session.execute(sa.update(worker).values(lease_until=engine.now - timedelta(days=900)))
    assert look() == ["w1"]
    assert look(minutes=59) == ["w1"]
    assert look(minutes=1) == ["w1"]
    engine.worker("w1")
    assert look() == []
    assert look.titles == ["worker w1 is lost", "Still: worker w1 is lost", "Over: worker w1 is lost"]


def test_a_worker_that_stopped_in_order_is_not_lost(engine):
    look = Look(engine, rule("worker_lost"))
    with engine.db.write() as session:
        stop_worker(session, engine.now, "w1")
    assert look() == []


POLICY = {"fail_s": 3600.0, "warn_s": 1800.0}


def change(engine, *names):
    with engine.db.write() as session:
        put_assets(session, engine.now, [{"asset": name, "freshness": POLICY} for name in names])
        rows = [{"name": name, "uri": name, "at": engine.now, "extra": {}} for name in names]
        session.execute(sa.insert(asset_event), rows)


def test_an_asset_that_is_older_than_promised_fires_until_it_changes(engine):
    look = Look(engine, rule("stale_asset", assets=["sales*"], recovered=True))
    change(engine, "sales", "other")
    with engine.db.write() as session:
        put_assets(
            session, engine.now, [{"asset": "sales_never", "freshness": POLICY}, {"asset": "sales_free"}]
        )
    assert look(minutes=59) == []
    assert look(minutes=2) == ["sales"]
    assert look.reasons == [
        "Asset sales changed last at 2026-11-21 12:00:00 UTC. "
        "It is to be no older than 1 h, warned of after 30 min."
    ]
    change(engine, "sales")
    assert look() == []
    assert look.titles == ["asset sales is stale", "Over: asset sales is stale"]


def test_a_rule_may_warn_before_an_asset_is_stale(engine):
    look = Look(engine, rule("stale_asset", warn=True))
    change(engine, "sales")
    assert look(minutes=29) == []
    assert look(minutes=2) == ["sales"]


@pytest.mark.parametrize("count", [1, 40])
def test_a_look_costs_a_fixed_number_of_statements(engine, count):
    look = Look(engine, rule("queue_lag", lag="5m"), rule("worker_lost"), rule("not_finished", by="13:10"))
    for number in range(count):
        define(engine, dag_id=f"dag{number}")
        engine.trigger(f"dag{number}")
    look()
    with engine.db.count() as counted:
        look(seconds=10)
    asked = [text for text in counted.statements if text.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))]
    assert len(asked) <= 7 + 1, "one is the test's own"


def test_watching_the_same_days_again_changes_nothing(engine):
    late = rule("not_started", **NOON_AND_TEN)
    with engine.db.write() as session:
        keep_days(session, engine.now, Subject(EVERY_DAG), [late])
        before = session.execute(sa.select(alert_watch)).all()
        keep_days(session, engine.now + timedelta(hours=5), Subject(EVERY_DAG), [late])
        assert session.execute(sa.select(alert_watch)).all() == before
