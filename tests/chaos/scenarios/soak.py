"""All faults at once, for as long as one likes, under a load that never ends."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event

import sqlalchemy as sa

from scheduler.errors import DatabaseUnavailable
from scheduler.store.tables import dag_run
from tests.chaos.arena import Arena
from tests.chaos.gauge import Gauge
from tests.chaos.plan import Choice, described, mixture, perform
from tests.chaos.scenarios.scenario import Scenario, start

_WORKERS = ("worker-2", "worker-3", "worker-4")
_SCHEDULERS = ("scheduler-1", "scheduler-2")
#: worker-1 is only ever cut off or frozen: its memory is to be seen over the whole time.
_CHOICES = (
    Choice("kill", 8, _WORKERS),
    Choice("kill", 3, _SCHEDULERS),
    Choice("relieve", 3, _WORKERS),
    Choice("freeze", 3, ("worker-1", *_WORKERS), undone_by="thaw", after_s=(0.5, 10)),
    Choice("freeze", 2, _SCHEDULERS, undone_by="thaw", after_s=(0.5, 10)),
    Choice("cut", 3, ("worker-1",), undone_by="mend", after_s=(0.5, 10)),
    Choice("silence", 3, ("worker-1",), undone_by="mend", after_s=(0.5, 10)),
    Choice("empty broker", 3),
    Choice("restart broker", 1),
    Choice("restart database", 1),
    Choice("crash database", 1),
)
_BACKLOG = 5


def soak(arena: Arena, minutes: float) -> None:
    """Faults of all kinds, one about every 3 s, under runs that are triggered as fast as they finish."""
    for_s = minutes * 60
    plan = mixture(arena.rng, _CHOICES, every_s=3, for_s=for_s)
    arena.say(described(plan))
    arena.scheduler("scheduler-2")
    arena.worker(
        "worker-1", slots=3, environ={"DIRIGENT_DATABASE_URL": arena.link("worker-1", arena.database)}
    )
    for name in _WORKERS:
        arena.worker(name, slots=3)
    start(arena, workers=0, layers=5, width=10)
    with Gauge(arena) as gauge, ThreadPoolExecutor(1) as pool:
        faults = pool.submit(perform, plan, arena)
        _feed(arena, faults, time.monotonic() + for_s)
        faults.result()
    arena.let_go()
    arena.finish(within=240)
    arena.say(gauge.described())
    assert not gauge.swollen(), gauge.swollen()


def _feed(arena: Arena, faults: Future[None], until: float) -> None:
    pause = Event()
    unfinished = sa.select(sa.func.count()).where(dag_run.c.state.in_(["queued", "running"]))
    while time.monotonic() < until and not (faults.done() and faults.exception()):
        found = arena.rows(unfinished)
        if found and found[0][0] < _BACKLOG:
            try:
                arena.reap(runs=1, seconds=0.05)
            except DatabaseUnavailable:
                pause.wait(1)
        pause.wait(0.2)


def soaking(minutes: float) -> Scenario:
    """Return the scenario for so many minutes."""
    return Scenario(
        name="soak",
        shows=f"all faults at once for {minutes:g} minutes: every promise kept, memory flat",
        play=partial(soak, minutes=minutes),
    )
