"""A simulation says what the real loop does: the same schedules, on a real database, in the same time."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from scheduler import DAG, EmptyOperator
from scheduler.core.timetables import following
from scheduler.loop.creating import CreateDueRuns
from scheduler.sdk.serialize import to_spec
from scheduler.store.dags import get_dag, set_next_dues
from tests.loop.engine import Engine

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = {"load": 5, "check": 1, "report": 20}
RETRY = timedelta(hours=3)


def fails(task_id, logical_date, number):
    return (task_id, logical_date.day, number) in {("load", 3, 1), ("check", 5, 1), ("check", 5, 2)}


class Reality:
    """The leader's duties and a worker, driven from instant to instant."""

    def __init__(self, db, graph):
        self.engine = Engine(db, now=MONDAY)
        self.create = CreateDueRuns(self.engine.graphs)
        self.engine.define(graph)
        db.transact(lambda session: set_next_dues(session, {"d": following(graph, None, MONDAY)}))
        self.ends, self.turns, self.moments = [], count(), [MONDAY]
        self.began = set()

    def until(self, end):
        """Let time pass; return who began when."""
        while self.moments:
            self.engine.now = heapq.heappop(self.moments)
            self.engine.worker(f"w{next(self.turns)}")
            self.end_tasks()
            while self.made_runs(end) or self.engine.advance() or self.begin_tasks():
                pass
            due = self.next_run_at()
            if due and self.engine.now < due < end:
                heapq.heappush(self.moments, due)
        return self.began

    def next_run_at(self):
        with self.engine.db.read() as session:
            return get_dag(session, "d").next_run_at

    def made_runs(self, end):
        if self.engine.now >= end:
            return 0
        return self.engine.db.transact(lambda session: self.create(session, self.engine.now, 100))

    def begin_tasks(self):
        claims = self.engine.claim(lease_s=10**7, limit=100)
        for claim in claims:
            self.began.add((claim.logical_date, claim.task_id, claim.try_number, self.engine.now))
            end = self.engine.now + timedelta(hours=HOURS[claim.task_id])
            heapq.heappush(self.ends, (end, next(self.turns), claim))
            heapq.heappush(self.moments, end)
        return len(claims)

    def end_tasks(self):
        while self.ends and self.ends[0][0] <= self.engine.now:
            claim = heapq.heappop(self.ends)[2]
            failed = fails(claim.task_id, claim.logical_date, claim.try_number)
            self.engine.report(claim, state="failed" if failed else "success")
            if failed:
                heapq.heappush(self.moments, self.engine.now + RETRY)


def week(**arguments):
    with DAG("d", schedule="0 6 * * *", start_date=MONDAY, **arguments) as dag:
        load = EmptyOperator(task_id="load", depends_on_past=True, retries=1, retry_delay=RETRY)
        check = EmptyOperator(task_id="check", retries=1, retry_delay=RETRY)
        load >> check >> EmptyOperator(task_id="report", trigger_rule="all_done")
    return dag


@pytest.mark.parametrize(
    "arguments",
    [
        {"catchup": True, "max_active_runs": 2},
        {"max_active_runs": 1},
        {"catchup": True, "max_active_tasks": 1},
    ],
    ids=["two at once", "the newest after each", "one task at a time"],
)
def test_tasks_begin_when_they_would(db, arguments):
    end = MONDAY + timedelta(days=7)
    dag = week(**arguments)
    reality = Reality(db, to_spec(dag, "d.py")).until(end)
    simulation = dag.simulate(
        MONDAY,
        end,
        durations={task_id: timedelta(hours=hours) for task_id, hours in HOURS.items()},
        fail={each: lambda day, number, each=each: fails(each, day, number) for each in HOURS},
    )
    first_tries = {(date, task_id, at) for date, task_id, number, at in reality if number == 1}
    tries = {(date, task_id): number for date, task_id, number, _ in sorted(reality)}
    tasks = [(run.logical_date, task) for run in simulation.runs for task in run.tasks if task.started_at]
    assert {(date, task.task_id, task.started_at) for date, task in tasks} == first_tries
    assert {(date, task.task_id): task.tries for date, task in tasks} == tries
    assert len(tries) > 9
