"""How things went, as the dashboard reads it: figures, delays, recovery, slow and failing tasks, queues."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from scheduler.core.delays import bucket_of
from scheduler.core.spans import DAY, HOUR, MINUTE, floor, latest
from scheduler.store.run_ends import count_runs
from scheduler.store.tables import attempt
from scheduler.store.tallies import count_attempts
from scheduler.store.views.costs import BYS, list_spent
from scheduler.store.views.ownership import Narrowing, list_choices
from scheduler.store.views.queues import LiveWorker, QueueLag, list_lags, list_workers
from scheduler.store.views.task_trends import Where, list_failing, list_slowest
from scheduler.store.views.trends import (
    ends_by_dag,
    list_delays,
    list_ends,
    read_recovery,
    sum_ends,
)
from tests.loop.engine import NOW, Engine, spec, task

ALL = Narrowing()


@pytest.fixture
def engine(db):
    """`mails` fails at 12:00 and 12:30, and is good at 13:00; `books` is good, and fails at 13:00."""
    engine = Engine(db)
    engine.worker()
    for name in ("books", "mails"):
        engine.define(spec(task("a"), task("b", "a"), dag_id=name))
    for bad in ("mails", "mails", "books"):
        for name in ("books", "mails"):
            run(engine, name, is_bad=name == bad)
        engine.wait(minutes=30)
    engine.wait(minutes=-1)
    count(engine)
    return engine


def run(engine, name, *, is_bad, seconds=10):
    """Run a DAG whose second task fails, or succeeds after so many seconds."""
    engine.trigger(name)
    for place, state in enumerate(("success", "failed" if is_bad else "success")):
        engine.advance()
        (claim,) = engine.claim()
        times = {
            "started_at": engine.now.isoformat(),
            "ended_at": (engine.now + timedelta(seconds=seconds * (1 + place))).isoformat(),
        }
        engine.report(claim, state=state, reason="no stamps" if state == "failed" else "", **times)
    engine.advance()


def count(engine):
    while engine.db.transact(lambda session: count_attempts(session, engine.now, 100)):
        pass
    while engine.db.transact(lambda session: count_runs(session, engine.now, 100)):
        pass


def read(engine, view, *args):
    with engine.db.read() as session:
        return view(session, *args)


def test_what_ended_step_by_step_and_in_all(engine):
    hours = latest(HOUR, 24, engine.now)
    found = read(engine, list_ends, hours, ALL)
    assert {
        at: (each.success, each.bad, each.runs_success, each.runs_failed) for at, each in found.items()
    } == {
        floor(NOW, HOUR): (6, 2, 2, 2),
        floor(NOW + timedelta(hours=1), HOUR): (3, 1, 1, 1),
    }
    total = read(engine, sum_ends, hours, ALL)
    assert (total.ended, total.bad, total.error_rate, total.runs) == (12, 3, 0.25, 6)
    assert read(engine, sum_ends, hours.before, ALL).error_rate is None


@pytest.mark.parametrize("wanted", [Narrowing(dag_id="mails"), Narrowing(text="AIL")])
def test_of_the_dags_that_a_filter_leaves(engine, wanted):
    span = latest(MINUTE, 120, engine.now)
    total = read(engine, sum_ends, span, wanted)
    assert (total.success, total.failed, total.runs_failed) == (4, 2, 2)
    assert delays_of(engine, latest(DAY, 1, engine.now), wanted, "pick_up") == {floor(NOW, DAY): 6}


def test_the_dags_that_failed_most_come_first(engine):
    span = latest(HOUR, 24, engine.now)
    found = read(engine, ends_by_dag, span, ALL, 10)
    assert [(name, each.runs_failed, each.runs, each.bad) for name, each in found] == [
        ("mails", 2, 3, 2),
        ("books", 1, 3, 1),
    ]
    assert read(engine, ends_by_dag, span, Narrowing(dag_id="other"), 10) == []


def delays_of(engine, span, wanted, kind):
    found = read(engine, list_delays, span, wanted)
    return {at: counts.total() for (each, at), counts in found.items() if each == kind}


def test_delays_are_counted_by_kind_and_step(engine):
    found = read(engine, list_delays, latest(HOUR, 24, engine.now), ALL)
    assert found["scheduling", floor(NOW, HOUR)] == {bucket_of(0): 8}
    assert found["pick_up", floor(NOW + timedelta(hours=1), HOUR)] == {bucket_of(0): 4}


def test_the_time_to_recover_is_from_the_first_failure_to_the_next_success(engine):
    found = read(engine, read_recovery, latest(HOUR, 24, engine.now), ALL, 10)
    assert (found.count, found.median_s, found.longest_s) == (1, 3600, 3600)
    (failing,) = found.failing
    assert (failing.dag_id, failing.began_at, failing.failed_runs) == ("books", NOW + timedelta(hours=1), 1)
    of_mails = read(engine, read_recovery, latest(HOUR, 24, engine.now), Narrowing(dag_id="mails"), 10)
    assert (of_mails.count, of_mails.failing_count) == (1, 0)


def test_the_slowest_tasks_by_their_longest_attempt(engine):
    run(engine, "books", is_bad=False, seconds=100)
    count(engine)
    found = read(engine, list_slowest, latest(HOUR, 24, engine.now), ALL, 3)
    assert [(each.dag_id, each.task_id, each.longest_ms, each.mean_ms, each.ended) for each in found] == [
        ("books", "b", 200_000, 65_000, 4),
        ("books", "a", 100_000, 32_500, 4),
        ("mails", "b", 20_000, 20_000, 3),
    ]


def test_the_tasks_that_failed_most_with_the_reason_of_the_newest(engine):
    first, second = read(engine, list_failing, latest(DAY, 7, engine.now), ALL, 10)
    assert (first.dag_id, first.task_id, first.failed, first.ended) == ("mails", "b", 2, 3)
    assert isinstance(first.where, Where)
    assert first.where.reason == "no stamps"
    assert (second.dag_id, second.failed) == ("books", 1)


def test_sums_outlive_the_attempts_that_they_are_of(engine):
    with engine.db.write() as session:
        session.execute(sa.delete(attempt))
    (first, _) = read(engine, list_failing, latest(DAY, 7, engine.now), ALL, 10)
    assert (first.failed, first.where) == (2, None)
    assert read(engine, sum_ends, latest(DAY, 7, engine.now), ALL).ended == 12


def test_queues_say_what_waits_since_when_and_who_listens(engine):
    engine.define(spec(task("x"), task("g", queue="gpu"), dag_id="more"))
    engine.trigger("more")
    engine.advance()
    workers = read(engine, list_workers, NOW)
    assert workers[0] == LiveWorker("w1", ("default",), 8, 0, NOW)
    assert read(engine, list_lags, workers) == [
        QueueLag("default", 1, 0, 0, 8, engine.now),
        QueueLag("gpu", 0, 1, 0, 0, None),
    ]


@contextmanager
def noting():
    asked: dict[str, Any] = {}

    def note(session, cursor, text, binds, *rest):
        if text.startswith(("SELECT", "UPDATE", "WITH")):
            asked.setdefault(text, binds[0] if isinstance(binds, list) else binds)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


GROWING = ("dag_run", "task_instance", "attempt", "event", "tally", "delay_tally", "task_tally", "outage")


@pytest.mark.parametrize("wanted", [ALL, Narrowing(owner="ada")], ids=["all", "some"])
def test_no_statement_of_the_dashboard_or_of_the_count_reads_history(migrated_sqlite_db, wanted):
    """SQLite plans by the statement alone: what is fast with few rows is fast with many."""
    engine = Engine(migrated_sqlite_db)
    engine.worker()
    engine.define(spec(task("a"), task("b", "a"), dag_id="books"))
    with noting() as asked:
        run(engine, "books", is_bad=True)
        asked.clear()
        count(engine)
        with engine.db.read() as session:
            for span in (latest(HOUR, 24, engine.now), latest(DAY, 30, engine.now)):
                for view in (list_ends, sum_ends, list_delays):
                    view(session, span, wanted)
                for listing in (ends_by_dag, read_recovery, list_failing, list_slowest):
                    listing(session, span, wanted, 10)
                for by in BYS:
                    list_spent(session, by, span, wanted)
            list_lags(session, list_workers(session, engine.now))
            list_choices(session)
    with engine.db.read() as session:
        found = {text: scans(session, text, binds) for text, binds in asked.items()}
    assert len(found) > 20
    assert {text: steps for text, steps in found.items() if steps} == {}


def scans(session, text, binds):
    steps = [row[-1] for row in session.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", binds)]
    whole = tuple(f"SCAN {table}" for table in GROWING)
    return [step for step in steps if step.startswith(whole) and "_live" not in step]
