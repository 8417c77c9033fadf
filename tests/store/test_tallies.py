"""Sums of what ended are those of the attempts themselves, whoever counts, and however often it is broken off."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.core.delays import bucket_of
from scheduler.core.spans import DAY, HOUR, MINUTE, floor
from scheduler.operations.delete import delete_dag
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.claims import Claimed
from scheduler.store.run_ends import count_runs
from scheduler.store.tables import attempt, dag_run, delay_tally, outage, tally, task_instance, task_tally
from scheduler.store.tallies import ALL, count_attempts, prune_tallies
from scheduler.store.tickets import queue_callback
from tests.loop.engine import NOW, Engine, spec, task

ENDED = ("success", "failed", "lost", "skipped", "cancelled", "deferred")


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    return engine


def counted(engine: Engine, limit: int = 100) -> int:
    """Count as the leader does at a sweep; return how many attempts."""
    total = 0
    while count := engine.db.transact(lambda session: count_attempts(session, engine.now, limit)):
        total += count
    while engine.db.transact(lambda session: count_runs(session, engine.now, limit)):
        pass
    return total


def read(engine: Engine, table: sa.Table, **wanted: object) -> list[sa.Row[Any]]:
    query = sa.select(table).where(*(table.c[name] == value for name, value in wanted.items()))
    with engine.db.read() as session:
        return list(session.execute(query))


def total(engine: Engine, name: str, **wanted: object) -> int:
    return sum(getattr(row, name) for row in read(engine, tally, **wanted))


def true_sums(engine: Engine, *of_dag: str) -> Counter[str]:
    """Add up the attempts themselves."""
    sums: Counter[str] = Counter()
    query = sa.select(attempt, dag_run.c.dag_id).join(dag_run, dag_run.c.id == attempt.c.run_pk)
    with engine.db.read() as session:
        for row in session.execute(query.where(attempt.c.end_date.is_not(None))):
            if not of_dag or row.dag_id in of_dag:
                sums[row.state if row.kind == "task" else "callbacks"] += 1
                sums["cpu_us"] += round((row.cpu_s or 0) * 1_000_000)
                sums["unmeasured"] += row.claimed_at is not None and not row.peak_memory_bytes
    return sums


def sums(engine: Engine, width_s: int, dag_id: str) -> Counter[str]:
    names = (*ENDED, "callbacks", "cpu_us", "unmeasured")
    found = Counter({name: total(engine, name, width_s=width_s, dag_id=dag_id) for name in names})
    return +found


def run_one(engine: Engine, state: str = "success", **outcome: object) -> None:
    """Let the one task that waits run, with figures of the kernel."""
    engine.advance()
    (claim,) = engine.claim()
    engine.report(claim, state=state, **outcome)
    engine.advance()


def test_an_attempt_is_in_the_sums_of_its_minute_hour_and_day_of_its_dag_and_of_all(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    began, ended = NOW - timedelta(seconds=2), NOW + timedelta(seconds=1)
    run_one(
        engine,
        cpu_s=1.25,
        peak_memory_bytes=80_000_000,
        started_at=began.isoformat(),
        ended_at=ended.isoformat(),
    )
    assert counted(engine) == 1
    rows = read(engine, tally, success=1)
    assert {(row.width_s, row.dag_id, row.start_at) for row in rows} == {
        (width_s, dag_id, floor(ended, width_s))
        for width_s in (MINUTE, HOUR, DAY)
        for dag_id in (ALL, "orders")
    }
    for row in rows:
        assert (row.run_ms, row.cpu_us, row.memory_mb_ms) == (3000, 1_250_000, 240_000)
        assert (row.peak_memory_bytes, row.unmeasured) == (80_000_000, 0)


def test_what_is_counted_is_not_counted_again(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    run_one(engine, cpu_s=1)
    assert [counted(engine), counted(engine)] == [1, 0]
    assert total(engine, "cpu_us", width_s=DAY, dag_id=ALL) == 1_000_000


def test_a_count_that_is_broken_off_leaves_nothing_behind(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    run_one(engine, cpu_s=1)

    def break_off(session):
        count_attempts(session, engine.now, 10)
        raise KeyError

    with pytest.raises(KeyError):
        engine.db.transact(break_off)
    assert read(engine, tally) == []
    counted(engine)
    assert sums(engine, DAY, ALL) == true_sums(engine)


def test_reruns_retries_lost_attempts_and_callbacks_are_all_in_the_sums(engine):
    engine.define(spec(task("a", retries=1), task("b", "a")))
    run = engine.trigger()
    run_one(engine, "failed", cpu_s=0.5, peak_memory_bytes=5, retryable=True)
    engine.wait(minutes=10)
    engine.advance()
    engine.claim()
    engine.kill("w1")
    engine.worker()
    run_one(engine, cpu_s=0.25, peak_memory_bytes=5)
    run_one(engine, cpu_s=0.125, peak_memory_bytes=5)
    with engine.db.write() as session:
        queue_callback(session, engine.now, run_pk=run, kind="dag_callback", payload={})
    run_one(engine, cpu_s=2.0, peak_memory_bytes=5)
    assert counted(engine) == 5
    request = RerunRequest(dag_id="orders", run_id=_run_id(engine, run))
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    run_one(engine, cpu_s=4.0, peak_memory_bytes=5)
    counted(engine)
    expected = {"success": 3, "failed": 1, "lost": 1, "callbacks": 1, "cpu_us": 6_875_000, "unmeasured": 1}
    for width_s in (HOUR, DAY):
        assert sums(engine, width_s, ALL) == sums(engine, width_s, "orders") == expected


def _run_id(engine: Engine, run_pk: int) -> str:
    with engine.db.read() as session:
        return str(session.scalars(sa.select(dag_run.c.run_id).where(dag_run.c.id == run_pk)).one())


def test_waits_are_counted_in_buckets_apart(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    engine.advance()
    with engine.db.write() as session:
        session.execute(sa.update(task_instance).values(scheduled_at=NOW - timedelta(seconds=4)))
        session.execute(sa.update(attempt).values(scheduled_at=NOW - timedelta(seconds=4)))
    (claim,) = engine.claim()
    engine.report(claim, started_at=(NOW + timedelta(seconds=30)).isoformat())
    counted(engine)
    found = {row.kind: (row.bucket, row[-1]) for row in read(engine, delay_tally, width_s=DAY, dag_id=ALL)}
    assert found == {"scheduling": (bucket_of(4000), 1), "pick_up": (bucket_of(30_000), 1)}


def test_an_attempt_remembers_when_its_dependencies_were_met(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    engine.advance()
    assert [row.scheduled_at for row in read(engine, attempt)] == [NOW]


def test_of_a_task_the_longest_and_the_newest_failed_attempt_are_remembered(engine):
    engine.define(spec(task("a", retries=5)))
    engine.trigger()
    for minutes, state in ((1, "failed"), (9, "failed"), (2, "success")):
        began = engine.now
        run_one(
            engine,
            state,
            started_at=began.isoformat(),
            ended_at=(began + timedelta(minutes=minutes)).isoformat(),
        )
        counted(engine)
        engine.wait(minutes=20)
    (row,) = read(engine, task_tally, width_s=DAY)
    assert (row.dag_id, row.task_id, row.ended, row.failed) == ("orders", "a", 3, 2)
    assert (row.longest_ms, row.run_ms) == (9 * 60_000, 12 * 60_000)
    second = read(engine, attempt, try_number=2)[0].id
    assert (row.longest_id, row.failed_id) == (second, second)


def test_runs_are_counted_each_time_they_end_and_outages_begin_and_end_with_them(engine):
    engine.define(spec(task("a")))
    first = engine.trigger()
    run_one(engine, "failed")
    engine.wait(minutes=5)
    engine.trigger()
    run_one(engine, "failed")
    counted(engine)
    assert [(row.began_at, row.ended_at, row.failed_runs) for row in read(engine, outage)] == [(NOW, None, 2)]
    engine.wait(minutes=25)
    request = RerunRequest(dag_id="orders", run_id=_run_id(engine, first))
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    run_one(engine)
    counted(engine)
    (row,) = read(engine, outage)
    assert (row.began_at, row.ended_at) == (NOW, NOW + timedelta(minutes=30))
    assert total(engine, "runs_failed", width_s=DAY, dag_id=ALL) == 2
    assert total(engine, "runs_success", width_s=DAY, dag_id="orders") == 1


def test_a_failure_that_is_rerun_before_anybody_counted_it_is_counted_all_the_same(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    run_one(engine, "failed")
    engine.wait(minutes=1)
    request = RerunRequest(dag_id="orders", run_id=_run_id(engine, run), only_failed=True)
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    run_one(engine)
    counted(engine)
    (row,) = read(engine, outage)
    assert (row.began_at, row.ended_at, row.failed_runs) == (NOW, NOW + timedelta(minutes=1), 1)


def test_several_outages_of_one_count_are_told_apart(engine):
    engine.define(spec(task("a")))
    for state in ("failed", "success", "failed", "failed", "success", "success", "failed"):
        engine.trigger()
        run_one(engine, state)
        engine.wait(minutes=1)
    counted(engine)
    found = [(row.failed_runs, row.ended_at is not None) for row in read(engine, outage)]
    assert found == [(1, True), (2, True), (1, False)]


def test_old_minutes_and_hours_go_and_days_stay(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    run_one(engine, cpu_s=1)
    counted(engine)
    engine.wait(days=30)
    while engine.db.transact(lambda session: prune_tallies(session, engine.now, 1)):
        pass
    assert {row.width_s for row in read(engine, tally)} == {DAY}
    assert {row.width_s for row in read(engine, delay_tally)} == {DAY}
    assert {row.width_s for row in read(engine, task_tally)} == {DAY}


def test_history_from_before_is_counted_by_the_day_only(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    run_one(engine)
    engine.wait(days=30)
    counted(engine)
    assert {row.width_s for row in read(engine, tally)} == {DAY}


def test_a_deleted_dag_leaves_its_part_in_the_sums_of_all(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    run_one(engine, cpu_s=1)
    counted(engine)
    engine.trigger()
    run_one(engine, cpu_s=2)
    delete_dag(engine.db, engine.now, "orders", actor="test")
    assert total(engine, "cpu_us", width_s=DAY, dag_id=ALL) == 3_000_000
    assert read(engine, tally, dag_id="orders") == []


def test_two_that_count_at_once_count_each_attempt_once(engine):
    engine.define(spec(*(task(f"t{at}") for at in range(40)), max_active_tasks=40))
    engine.slots = 40
    engine.worker()
    engine.trigger()
    engine.advance()
    engine.report(*engine.claim(limit=40), cpu_s=0.001)
    ready = threading.Barrier(2)

    def count():
        ready.wait(10)
        counted(engine, limit=3)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums(engine, DAY, ALL) == true_sums(engine)
    assert total(engine, "success", width_s=DAY, dag_id=ALL) == 40


class Walk:
    """Work of two DAGs that is drawn step by step, counted now and then."""

    def __init__(self, engine: Engine, draw: st.DataObject) -> None:
        self.engine = engine
        self.draw = draw
        self.held: list[Claimed] = []
        for name in {"d1", "d2"} - engine.specs.keys():
            engine.define(spec(task("a", retries=2), task("b", "a", retries=1), dag_id=name))

    def step(self) -> None:
        actions = (
            self.trigger,
            self.engine.advance,
            self.claim,
            self.report,
            self.kill,
            self.count,
            self.wait,
        )
        self.draw.draw(st.sampled_from(actions))()

    def trigger(self) -> None:
        self.engine.trigger(self.draw.draw(st.sampled_from(("d1", "d2"))))

    def claim(self) -> None:
        self.held += self.engine.claim(limit=self.draw.draw(st.integers(1, 3)))

    def report(self) -> None:
        # Drawn in any case: what is drawn must not follow from what earlier walks left in the database.
        state = self.draw.draw(st.sampled_from(("success", "failed", "skipped", "lost")))
        cpu_s = self.draw.draw(st.floats(0, 1e5))
        if self.held:
            self.engine.report(self.held.pop(0), state=state, cpu_s=cpu_s, peak_memory_bytes=7)

    def kill(self) -> None:
        self.engine.kill("w1")
        self.held = []
        self.engine.worker()

    def count(self) -> None:
        limit = self.draw.draw(st.integers(1, 5))
        self.engine.db.transact(lambda session: count_attempts(session, self.engine.now, limit))

    def wait(self) -> None:
        self.engine.wait(hours=self.draw.draw(st.integers(0, 3)))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_whatever_happens_in_between_the_sums_are_those_of_the_attempts(engine, draw):
    walk = Walk(engine, draw)
    for _ in range(draw.draw(st.integers(5, 25))):
        walk.step()
    counted(engine)
    assert sums(engine, DAY, ALL) == true_sums(engine)
    assert sums(engine, DAY, "d1") == true_sums(engine, "d1")
    assert sums(engine, DAY, "d2") == true_sums(engine, "d2")
