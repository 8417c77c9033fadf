"""All faults at once, for as long as one likes or for so many tasks, under a load that never ends.

Runs are judged as they end and deleted a few minutes later, by the servers' own retention and by the command for it: a
day of work leaves no more behind than minutes do.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import inf
from subprocess import TimeoutExpired
from threading import Event

import sqlalchemy as sa

from scheduler.errors import DatabaseUnavailable
from scheduler.store.tables import dag_run
from tests.chaos.arena import Arena
from tests.chaos.gauge import Gauge
from tests.chaos.plan import Choice, mixture, perform
from tests.chaos.scenarios.scenario import Scenario
from tests.chaos.workload import Limits

#: worker-1 and scheduler-1 are only ever cut off or frozen: their memory is to be seen over the whole time.
_WORKERS = ("worker-2", "worker-3", "worker-4")
_SCHEDULERS = ("scheduler-1", "scheduler-2")
_CHOICES = (
    Choice("kill", 8, _WORKERS),
    Choice("kill", 3, ("scheduler-2",)),
    Choice("relieve", 3, _WORKERS),
    Choice("freeze", 3, ("worker-1", *_WORKERS), undone_by="thaw", after_s=(0.5, 10)),
    Choice("freeze", 3, _SCHEDULERS, undone_by="thaw", after_s=(0.5, 10)),
    Choice("cut", 3, ("worker-1", "worker-1-broker"), undone_by="mend", after_s=(0.5, 10)),
    Choice("silence", 3, ("worker-1", "worker-1-broker"), undone_by="mend", after_s=(0.5, 10)),
    Choice("empty broker", 3),
    Choice("restart broker", 1),
    Choice("restart database", 1),
    Choice("crash database", 1),
)
_EVERY_S = 7.0
_LAYERS, _WIDTH = 5, 40
_TASKS_OF_RUN = _LAYERS * _WIDTH
#: Wide enough that slots and machine decide, and still to be held.
_WIDE = Limits(runs=6, tasks=24, pool_slots=16)
_BACKLOG = 8
#: One run in so many has every task fail at its first try.
_FAILS_EVERY = 20
#: After so many days a run is deleted: three minutes.
_HISTORY_DAYS = 0.002
_SIT_EVERY_S, _PRUNE_EVERY_S, _TELL_EVERY_S = 5.0, 45.0, 30.0


@dataclass(frozen=True, slots=True)
class Amount:
    """How long a soak goes on: until so many tasks were triggered, or for so many minutes, whichever is first."""

    tasks: float = inf
    minutes: float = inf

    def __str__(self) -> str:
        parts = [f"{self.tasks:,.0f} tasks"] * (self.tasks < inf)
        parts += [f"{self.minutes:g} minutes"] * (self.minutes < inf)
        return " or ".join(parts)


class Soak:
    """One soak: who feeds it, who breaks it, who judges and cleans up meanwhile."""

    def __init__(self, arena: Arena, amount: Amount) -> None:
        self._arena = arena
        self._amount = amount
        self._began = time.monotonic()
        self._ended = Event()
        self._faults: Counter[str] = Counter()
        self._unwell: list[str] = []
        self._fed = 0

    def act(self, name: str, target: str) -> None:
        """Carry out one fault, and count it; where a server takes it ill, go on and tell of it at the end."""
        at_s = time.monotonic() - self._began
        self._arena.say(f"{at_s:7.1f} s  {name} {target}".rstrip())
        try:
            self._arena.act(name, target)
        except (AssertionError, TimeoutExpired) as error:
            self._unwell.append(f"{name} {target} after {at_s:.0f} s: {str(error)[:2000]}")
            self._arena.say(f"  {self._unwell[-1]}")
        if name not in {choice.undone_by for choice in _CHOICES}:
            self._faults[name] += 1

    def go_on(self) -> None:
        """Feed until it is enough; then wait for what is under way, and judge memory and tables."""
        jobs = (self._break, partial(self._keep_at, _SIT_EVERY_S, self._sit))
        more = (
            partial(self._keep_at, _PRUNE_EVERY_S, self._prune),
            partial(self._keep_at, _TELL_EVERY_S, self._tell),
        )
        with Gauge(self._arena) as gauge, ThreadPoolExecutor(4) as pool:
            beside = [pool.submit(job) for job in (*jobs, *more)]
            try:
                self._feed(beside)
            finally:
                self._ended.set()
        for each in beside:
            each.result()
        self._arena.let_go()
        self._arena.finish(within=240)
        self._tell()
        self._arena.say(f"  faults: {', '.join(f'{n} {name}' for name, n in self._faults.most_common())}")
        reasons = ", ".join(
            f"{n} {why or 'no reason'}" for why, n in self._arena.trial.reasons.most_common(10)
        )
        self._arena.say(f"  attempts that were no success: {reasons}")
        self._arena.say(gauge.described())
        unwell = self._unwell + gauge.swollen()
        assert not unwell, unwell

    def _feed(self, beside: list[Future[None]]) -> None:
        until = self._began + 60 * self._amount.minutes
        unfinished = sa.select(sa.func.count()).where(dag_run.c.state.in_(["queued", "running"]))
        while self._fed < self._amount.tasks and time.monotonic() < until:
            if any(each.done() for each in beside):
                return
            found = self._arena.rows(unfinished)
            if not found or found[0][0] >= _BACKLOG or not self._trigger():
                self._ended.wait(0.2)

    def _trigger(self) -> bool:
        """Trigger a run; false while the database is away."""
        number = self._fed // _TASKS_OF_RUN + 1
        try:
            self._arena.reap(runs=1, seconds=0.0, fails_first=number % _FAILS_EVERY == 0)
        except DatabaseUnavailable:
            return False
        self._fed += _TASKS_OF_RUN
        return True

    def _break(self) -> None:
        for_s = 60 * min(self._amount.minutes, 24 * 60)
        perform(mixture(self._arena.rng, _CHOICES, every_s=_EVERY_S, for_s=for_s), self, self._ended)
        self._ended.wait()

    def _keep_at(self, every_s: float, job: Callable[[], None]) -> None:
        while not self._ended.wait(every_s):
            job()

    def _sit(self) -> None:
        try:
            self._arena.trial.sit()
        except (DatabaseUnavailable, sa.exc.DBAPIError) as error:
            self._arena.say(f"  not judged for now: {str(error).splitlines()[0]}")

    def _prune(self) -> None:
        try:
            done = self._arena.project.dirigent("history", "prune")
            self._arena.say(f"  {done.stderr.strip()[-300:]}")
        except TimeoutExpired:
            self._arena.say("  history prune was broken off after a minute")

    def _tell(self) -> None:
        seconds = time.monotonic() - self._began
        trial = self._arena.trial
        self._arena.say(
            f"  after {seconds:.0f} s: {trial.ends} tasks done, {trial.ends / seconds:.1f} a second; "
            f"{trial.tasks} judged, {len(trial.violations)} breaches; {sum(self._faults.values())} faults"
        )
        for violation in trial.violations[:5]:
            self._arena.say(f"    {violation.rule}: {violation.words}")


def soak(arena: Arena, amount: Amount) -> None:
    """Faults of all kinds, one about every 7 s, under runs that are triggered as fast as they finish."""
    through = {
        "DIRIGENT_DATABASE_URL": arena.link("worker-1", arena.database),
        "DIRIGENT_BROKER_URL": arena.link("worker-1-broker", arena.broker),
    }
    arena.worker("worker-1", slots=3, environ=through)
    for name in _WORKERS:
        arena.worker(name, slots=3)
    for name in _SCHEDULERS:
        arena.scheduler(name)
    arena.sow(layers=_LAYERS, width=_WIDTH, limits=_WIDE)
    arena.until_up()
    Soak(arena, amount).go_on()


def soaking(amount: Amount) -> Scenario:
    """Return the scenario for so many tasks or minutes."""
    return Scenario(
        name="soak",
        shows=f"all faults at once for {amount}: every promise kept, memory flat, tables bounded",
        play=partial(soak, amount=amount),
        settings=(("history_days", str(_HISTORY_DAYS)),),
    )
