"""A thousand DAGs that are due in the same second: how long until each has its run."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from benchmarks.figures import Figure, show
from benchmarks.server import Server, serving, wait_until
from scheduler.clock import SystemClock
from scheduler.store.tables import dag_run

CLOCK = SystemClock()
DAGS = 1000
DAG_FILE = """
from scheduler import DAG, EmptyOperator

for number in range({count}):
    with DAG(f"due_{{number}}", schedule="* * * * *", max_active_runs=1):
        EmptyOperator(task_id="only")
"""
#: What is written now is not due before it is known, this many seconds later.
AHEAD_S = 15.0
LOOK_S = 0.002


def punctuality(settings: dict[str, str], runs: int) -> None:
    """From the full minute to the run, as another process sees it in the database."""
    with serving(**settings) as server:
        server.project.write("due.py", DAG_FILE.format(count=DAGS))
        wait_until(lambda: server.count_dags() == DAGS)
        halves, lasts = zip(*[_watch_minute(server) for _ in range(min(runs, 3))], strict=True)
    show(
        Figure(f"punctuality: {DAGS} DAGs due, to the run, p50", halves, "ms"),
        Figure(f"punctuality: {DAGS} DAGs due, to the run, p99", lasts, "ms"),
    )


def _watch_minute(server: Server) -> tuple[float, float]:
    """Return when half of the runs, and when 99 % of them, were there: milliseconds after the minute."""
    soon = CLOCK.now() + timedelta(seconds=AHEAD_S)
    due = soon.replace(second=0, microsecond=0) + timedelta(minutes=1)
    time.sleep(max(0.0, (due - CLOCK.now()).total_seconds() - 0.5))
    return _await(server, due, DAGS // 2), _await(server, due, DAGS * 99 // 100)


def _await(server: Server, due: datetime, count: int) -> float:
    query = sa.select(sa.func.count()).where(dag_run.c.logical_date == due)
    while server.project.record.rows(query)[0][0] < count:
        time.sleep(LOOK_S)
    return (CLOCK.now() - due).total_seconds() * 1000
