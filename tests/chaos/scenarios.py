"""The scenarios: what is started, what is done to it, and what it must show.

Each is a function of an arena. It returns when all runs are finished; the checker then judges what tasks told and what
the database recorded. What a scenario asks beyond that, it asserts itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.arena import Arena
from tests.chaos.plan import Fault, described, in_turn, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way to make it hard. `skew_s`: how far clocks are set apart; `needs`: programs beyond the services."""

    name: str
    shows: str
    play: Callable[[Arena], None]
    brokers: tuple[str, ...] = ("redis", "rabbitmq")
    lease_s: float = 6.0
    skew_s: float = 0.0
    needs: tuple[str, ...] = ()


def _carry_out(arena: Arena, faults: list[Fault]) -> None:
    arena.say(described(faults))
    perform(faults, arena)


def _start(arena: Arena, *, workers: int, slots: int = 2, layers: int, width: int) -> list[str]:
    """Start one scheduler and some workers, and wait until all are up; return the names of the workers."""
    arena.scheduler()
    names = [f"worker-{number}" for number in range(1, workers + 1)]
    for name in names:
        arena.worker(name, slots=slots)
    arena.sow(layers=layers, width=width)
    arena.until_up()
    return names


def kill_workers(arena: Arena) -> None:
    """8 workers, one killed in turn every 200 ms for 10 s, under 500 tasks."""
    names = _start(arena, workers=8, layers=10, width=10)
    arena.reap(runs=5, seconds=0.3)
    _carry_out(arena, in_turn(arena.rng, "kill", names, every_s=0.2, for_s=10))
    arena.finish(within=180)


def kill_schedulers(arena: Arena) -> None:
    """The scheduler killed every 2 s, 8 times; another one stands by."""
    arena.scheduler("scheduler-2")
    _start(arena, workers=2, slots=4, layers=8, width=8)
    arena.reap(runs=4, seconds=0.2)
    _carry_out(arena, in_turn(arena.rng, "kill", ["scheduler-1", "scheduler-2"], every_s=2, for_s=16))
    arena.finish(within=120)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="kill-workers",
            shows="8 workers, one killed (-9) every 200 ms for 10 s under 500 tasks: nothing lost, nothing doubled",
            play=kill_workers,
        ),
        Scenario(
            name="kill-schedulers",
            shows="two schedulers, one killed (-9) every 2 s: the other one leads, nothing lost or doubled",
            play=kill_schedulers,
        ),
    )
}
