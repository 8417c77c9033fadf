"""Ten thousand deferred tasks: what they cost while they wait, and how soon they go on.

The crowd is put into the database as deferred, as running that many attempts first is another benchmark's matter, and
wants a pool that is not there: so none of them runs once it goes on. A hundred tasks beside it do defer, and do run.
"""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta

import psutil
import sqlalchemy as sa

from benchmarks.figures import Figure, percentile, show
from benchmarks.server import Server, own_cpu_share, pss_bytes, seconds, serving, tree, wait_until
from scheduler.clock import SystemClock
from scheduler.sdk.xcom import encode
from scheduler.store.batches import in_batches
from scheduler.store.tables import attempt, dag_run, task_instance, wait
from scheduler.store.waits import NewWait, put_waits
from scheduler.wire import Deferral

CLOCK = SystemClock()
RUNS, TASKS = 10, 1000
FEW = 100
#: From the deferral of the crowd to its moment: they are all watched by then, and were for a while.
HOLD_S = 90.0
IDLE_S = 20.0
CROWD_FILE = f"""
from scheduler import DAG, EmptyOperator

with DAG("crowd", schedule=None, max_active_tasks=100_000):
    for number in range({TASKS}):
        EmptyOperator(task_id=f"t{{number}}", pool="none")
"""
FEW_FILE = f"""
from datetime import timedelta
from scheduler import DAG, BaseOperator
from scheduler.triggers.temporal import DateTimeTrigger


class Pause(BaseOperator):
    def execute(self, context):
        moment = context["dag_run"].run_after + timedelta(seconds=15)
        self.defer(trigger=DateTimeTrigger(moment), method_name="over")

    def over(self, context, event):
        pass


with DAG("few", schedule=None, max_active_tasks=1000):
    for number in range({FEW}):
        Pause(task_id=f"t{{number}}")
"""


def waits(settings: dict[str, str], runs: int) -> None:
    """Watch a crowd, then let it go on."""
    with serving(**settings) as server:
        moment, watched_s = _defer_crowd(server)
        (waiter,) = [each for each in tree(server.process.pid) if "waiter" in " ".join(each.cmdline())]
        before = _cpu_s(waiter)
        server_share = own_cpu_share(server.process.pid, IDLE_S)
        show(
            Figure(f"waits: {RUNS * TASKS} taken and watched", [watched_s], "s"),
            Figure("waits: memory of the waiter", [pss_bytes(waiter.pid) / 1e6], "MB"),
            Figure("waits: the waiter, idle", [(_cpu_s(waiter) - before) / IDLE_S * 100], "%"),
            Figure("waits: the server, idle, without children", [server_share * 100], "%"),
            Figure("waits: memory of the server, without children", [_own_pss(server) / 1e6], "MB"),
        )
        delays = _resume_few(server)
        show(
            Figure(
                f"waits: from the instant to user code, {FEW} tasks, p50", [statistics.median(delays)], "ms"
            ),
            Figure(
                f"waits: from the instant to user code, {FEW} tasks, p99", [percentile(delays, 0.99)], "ms"
            ),
        )
        wait_until(lambda: CLOCK.now() >= moment)
        wait_until(lambda: not _count(server))
        show(
            Figure(f"waits: {RUNS * TASKS} at one instant, to scheduled", [seconds(moment, CLOCK.now())], "s")
        )


def _defer_crowd(server: Server) -> tuple[datetime, float]:
    """Defer the crowd; return until when, and how long it took until all were watched."""
    server.add("crowd", CROWD_FILE)
    for _ in range(RUNS):
        server.project.trigger("crowd")
    scheduled = sa.select(task_instance.c.id, task_instance.c.run_pk).where(
        task_instance.c.state == "scheduled"
    )
    wait_until(lambda: len(server.project.record.rows(scheduled)) == RUNS * TASKS, 0.5)
    began, moment = time.monotonic(), CLOCK.now() + timedelta(seconds=HOLD_S)
    deferral = Deferral(
        trigger="scheduler.triggers.temporal.DateTimeTrigger",
        kwargs=encode({"moment": moment}),
        method="over",
    )
    for batch in in_batches(server.project.record.rows(scheduled), 500):
        new = [NewWait(row.run_pk, row.id, deferral, "waits for DateTimeTrigger()") for row in batch]
        ids = [row.id for row in batch]
        server.project.db.transact(lambda session, new=new, ids=ids: _defer(session, new, ids))
    wait_until(lambda: _count(server, wait.c.worker_id.is_not(None)) == RUNS * TASKS)
    return moment, time.monotonic() - began


def _defer(session, new, ids) -> None:  # noqa: ANN001 - a session and rows
    session.execute(sa.update(task_instance).where(task_instance.c.id.in_(ids)).values(state="deferred"))
    put_waits(session, CLOCK.now(), new)


def _count(server: Server, *where) -> int:  # noqa: ANN002 - conditions
    return int(server.project.record.rows(sa.select(sa.func.count()).select_from(wait).where(*where))[0][0])


def _resume_few(server: Server) -> list[float]:
    """Run tasks that defer to one instant; return how long after it each began again, in milliseconds."""
    server.add("few", FEW_FILE)
    run = server.project.trigger("few")
    wait_until(lambda: run.state == "success", 0.5)
    (row,) = server.project.record.rows(sa.select(dag_run.c.run_after).where(dag_run.c.id == run.run_pk))
    query = sa.select(attempt.c.start_date).where(
        attempt.c.run_pk == run.run_pk, attempt.c.state == "success"
    )
    began = [each.start_date for each in server.project.record.rows(query)]
    assert len(began) == FEW
    return [seconds(row.run_after + timedelta(seconds=15), each) * 1000 for each in began]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _own_pss(server: Server) -> int:
    return int(psutil.Process(server.process.pid).memory_full_info().pss)
