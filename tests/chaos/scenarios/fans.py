"""Runs that spread, wait and set off others, while servers are killed."""

from __future__ import annotations

from tests.chaos.arena import EMBEDDED, Arena
from tests.chaos.orchard import ORCHARD, check_orchard, digest, plant
from tests.chaos.plan import Fault, in_turn
from tests.chaos.scenarios.scenario import Scenario, carry_out

_TREES = 12


def _harvest(arena: Arena, faults: list[Fault]) -> None:
    plant(arena)
    arena.until_up()
    arena.trigger(ORCHARD, 6, {"trees": _TREES})
    carry_out(arena, faults)
    arena.finish(within=180)
    digest(arena, within=60)
    check_orchard(arena, _TREES)


def fan_out(arena: Arena) -> None:
    """Workers are killed every 1.5 s, one of two schedulers every 5 s, the database once; the broker is emptied."""
    for name in ("scheduler-1", "scheduler-2"):
        arena.scheduler(name)
    workers = ["worker-1", "worker-2", "worker-3"]
    for name in workers:
        arena.worker(name, slots=3)
    faults = [
        *in_turn(arena.rng, "kill", workers, every_s=1.5, for_s=30),
        *in_turn(arena.rng, "kill", ["scheduler-1", "scheduler-2"], every_s=5, for_s=30),
        *(Fault(2 + 4.0 * number, "empty broker") for number in range(7)),
        Fault(round(arena.rng.uniform(5, 25), 2), "crash database"),
    ]
    _harvest(arena, faults)


def fan_out_embedded(arena: Arena) -> None:
    """The one server of `dirigent up`, killed every 4 s, 4 times."""
    arena.embedded()
    _harvest(arena, in_turn(arena.rng, "kill", [*arena.servers], every_s=4, for_s=16))


SCENARIOS = (
    Scenario(
        name="fan-out",
        shows="mapped, looped and deferred tasks and assets, while workers, schedulers and database are killed (-9)",
        play=fan_out,
    ),
    Scenario(
        name="fan-out-embedded",
        shows="the same on `dirigent up` with SQLite, killed (-9) every 4 s, 4 times",
        play=fan_out_embedded,
        brokers=(EMBEDDED,),
        settings=(("parallelism", "6"),),
    ),
)
