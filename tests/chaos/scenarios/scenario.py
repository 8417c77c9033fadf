"""What a scenario is, and what most of them begin with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tests.chaos.arena import Arena
from tests.chaos.case import ON_PURPOSE
from tests.chaos.plan import Fault, described, perform

BROKERS = ("redis", "rabbitmq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way to make it hard.

    `skew_s`: how far clocks are set apart on purpose. `fails`, `forgiven`: which DAGs are to fail, and with which
    reasons attempts of others may (`checker.Case`). `needs`: what must be there beyond the services;
    `tests.chaos.needs` knows the names. `settings`: of every server. `pooled`: PgBouncer stands before the database.
    """

    name: str
    shows: str
    play: Callable[[Arena], None]
    brokers: tuple[str, ...] = BROKERS
    lease_s: float = 6.0
    skew_s: float = 0.0
    fails: Collection[str] = ()
    forgiven: str = ON_PURPOSE
    needs: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    pooled: bool = False


def carry_out(arena: Arena, faults: list[Fault]) -> None:
    """Print a plan and carry it out."""
    arena.say(described(sorted(faults)))
    perform(faults, arena)


def start(arena: Arena, *, workers: int, slots: int = 2, layers: int, width: int) -> list[str]:
    """Start one scheduler and some workers, and wait until all are up; return the names of the workers."""
    arena.scheduler()
    names = [f"worker-{number}" for number in range(1, workers + 1)]
    for name in names:
        arena.worker(name, slots=slots)
    arena.sow(layers=layers, width=width)
    arena.until_up()
    return names
