"""The least that a task can cost on this machine, measured in the same minute as the figures."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import sqlalchemy as sa

from scheduler.config import load_settings
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.tickets import create_celery, publish_ticket
from scheduler.store import Database

COUNT = 100
#: plan, claim and report of one task in a chain.
COMMITS_A_TASK = 3


@dataclass(frozen=True, slots=True)
class Floors:
    """Medians, in seconds."""

    round_trip: float  #: one Celery message from publishing to the start of its task, on the same broker
    fork: float  #: fork, exit and wait of a small Python process
    commit: float  #: one durable commit on the same database

    @property
    def task(self) -> float:
        """Return what a no-op task in a chain costs at least."""
        return self.round_trip + self.fork + COMMITS_A_TASK * self.commit


def measure_floors(broker_url: str, database_url: str) -> Floors:
    """Measure all three."""
    floors = Floors(_round_trip(broker_url), _fork(), _commit(database_url))
    print(
        f"floors: Celery round trip {floors.round_trip * 1000:.2f} ms, fork + exit + wait "
        f"{floors.fork * 1000:.2f} ms, commit {floors.commit * 1000:.3f} ms",
        flush=True,
    )
    return floors


def _round_trip(url: str) -> float:
    celery = create_celery(load_settings({"DIRIGENT_BROKER_URL": url}, Path("/")))
    heard: Queue[str] = Queue()
    doorbells = Doorbells(celery, ["floor"], heard.put)
    doorbells.start()
    doorbells.ready.wait()

    def once() -> float:
        began = time.perf_counter()
        publish_ticket(celery, "floor")
        heard.get()
        return time.perf_counter() - began

    once()
    took = statistics.median(once() for _ in range(COUNT))
    doorbells.stop()
    return took


def _fork() -> float:
    def once() -> float:
        began = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return time.perf_counter() - began

    return statistics.median(once() for _ in range(COUNT))


def _commit(url: str) -> float:
    db = Database(url)
    with db.write() as session:
        session.execute(sa.text("CREATE TABLE IF NOT EXISTS bench_floor (n INTEGER)"))

    def once() -> float:
        began = time.perf_counter()
        with db.write() as session:
            session.execute(sa.text("INSERT INTO bench_floor VALUES (1)"))
        return time.perf_counter() - began

    took = statistics.median(once() for _ in range(COUNT))
    with db.write() as session:
        session.execute(sa.text("DROP TABLE bench_floor"))
    db.close()
    return took
