"""The DAGs that scenarios run: above all layers of tasks that keep the ledger, below every kind of limit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.chaos.ledger import KEEPS_LEDGER

POOL = "well"


class Limits(NamedTuple):
    """Runs at once, tasks of a run at once, and slots of the pool that every third task needs."""

    runs: int
    tasks: int
    pool_slots: int


NARROW = Limits(runs=3, tasks=8, pool_slots=5)

_FIELD = (
    KEEPS_LEDGER
    + """
import signal

def step(layer, number):
    @task(
        task_id=f"step_{{layer}}_{{number}}", pool={pool!r} if number % 3 == 0 else "default_pool",
        retries=20, retry_delay=timedelta(seconds=0.3), max_retry_delay=timedelta(seconds=0.5),
    )
    def work():
        conf = get_current_context()["dag_run"].conf
        if conf["stubborn"]:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if conf["fails_first"] and get_current_context()["ti"].try_number == 1:
            raise ValueError("the first try fails on purpose")
        live(conf["seconds"])
        return number if layer == 0 else None
    return work()

with DAG("field", schedule=None, max_active_runs={runs}, max_active_tasks={tasks}):
    above = []
    for layer in range({layers}):
        steps = [step(layer, number) for number in range({width})]
        for number, work in enumerate(steps):
            if above:
                [above[number], above[number - 1]] >> work
        above = steps
"""
)


def field(ledger: Path, layers: int, width: int, limits: Limits) -> str:
    """Return a DAG file: `layers` x `width` tasks, each waiting for two of the layer above it."""
    return _FIELD.format(
        ledger=str(ledger),
        pool=POOL,
        runs=limits.runs,
        tasks=limits.tasks,
        layers=layers,
        width=width,
    )


#: A task that takes memory until it may not.
GREEDY = """
from scheduler import DAG, task

with DAG("greedy", schedule=None):
    @task
    def devour():
        kept = []
        while True:
            kept.append(b"x" * 10_000_000)

    devour()
"""

_LOCKED = (
    KEEPS_LEDGER
    + """
import logging, threading

LOCK = threading.Lock()

def hold():
    while True:
        with LOCK, logging._lock:
            time.sleep(0.01)
        time.sleep(0.0001)

threading.Thread(target=hold, daemon=True).start()

with DAG("locked", schedule=None):
    for number in range({tasks}):
        @task(task_id=f"needs_it_{{number}}")
        def needs_it():
            note("begin")
            with LOCK:
                logging.getLogger("locked").warning("had it")
            note("end")

        needs_it()
"""
)


def lock_holder(ledger: Path, tasks: int) -> str:
    """Return a DAG file that has a thread hold two locks most of the time; each task needs both."""
    return _LOCKED.format(ledger=str(ledger), tasks=tasks)
