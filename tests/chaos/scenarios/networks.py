"""Brokers and databases that restart, forget, repeat themselves, or cannot be reached."""

from __future__ import annotations

from threading import Event

from tests.chaos.arena import Arena
from tests.chaos.plan import Fault
from tests.chaos.scenarios.scenario import Scenario, carry_out, start
from tests.chaos.tickets import Tickets


def restart_broker(arena: Arena) -> None:
    """The broker is restarted 5 times with a backlog."""
    start(arena, workers=2, slots=3, layers=8, width=8)
    arena.reap(runs=4, seconds=0.4)
    carry_out(arena, [Fault(1 + 4.0 * number, "restart broker") for number in range(5)])
    arena.finish(within=180)


def empty_broker(arena: Arena) -> None:
    """All tickets are thrown away, again and again."""
    start(arena, workers=2, slots=3, layers=6, width=6)
    arena.reap(runs=4, seconds=0.3)
    carry_out(arena, [Fault(0.5 + 0.5 * number, "empty broker") for number in range(20)])
    arena.finish(within=120)


def tickets_thrice(arena: Arena) -> None:
    """Every ticket is there three times: while its attempt is queued, while it runs, and after it succeeded."""
    start(arena, workers=2, slots=3, layers=6, width=6)
    arena.reap(runs=4, seconds=0.3)
    pause, tickets = Event(), Tickets(arena.broker.url)
    while not arena.ended():
        tickets.repeat(3)
        pause.wait(0.1)
    tickets.repeat(3)
    tickets.ring(50)
    pause.wait(2)
    arena.finish(within=10)


def restart_database(arena: Arena) -> None:
    """PostgreSQL is restarted in order, and killed."""
    start(arena, workers=2, slots=3, layers=8, width=8)
    arena.reap(runs=4, seconds=0.3)
    acts = ["restart database", "crash database"] * 2
    arena.rng.shuffle(acts)
    carry_out(arena, [Fault(1 + 5.0 * number, act) for number, act in enumerate(acts)])
    arena.finish(within=180)


def _linked(arena: Arena, *, layers: int, width: int) -> None:
    """Two workers that reach the database each by a link of its own."""
    for name in ("worker-1", "worker-2"):
        arena.worker(name, slots=3, environ={"DIRIGENT_DATABASE_URL": arena.link(name, arena.database)})
    start(arena, workers=0, layers=layers, width=width)


def cut_database(arena: Arena) -> None:
    """One worker cannot reach the database for 5 s: what goes there is refused, or goes silent."""
    _linked(arena, layers=4, width=6)
    arena.reap(runs=3, seconds=1)
    acts = ["cut", "silence"] * 2
    arena.rng.shuffle(acts)
    faults = []
    for number, act in enumerate(acts):
        link = arena.rng.choice([*arena.links])
        faults += [Fault(1 + 8.0 * number, act, link), Fault(6 + 8.0 * number, "mend", link)]
    carry_out(arena, faults)
    arena.finish(within=120)


def cut_database_for_long(arena: Arena) -> None:
    """One worker cannot reach the database for longer than a lease, while tasks run that ignore SIGTERM."""
    _linked(arena, layers=3, width=4)
    arena.reap(runs=2, seconds=9, stubborn=True)
    acts = ["cut", "silence"]
    arena.rng.shuffle(acts)
    faults = []
    for number, act in enumerate(acts):
        link = f"worker-{number + 1}"
        faults += [Fault(2 + 24.0 * number, act, link), Fault(16 + 24.0 * number, "mend", link)]
    carry_out(arena, faults)
    arena.finish(within=180)


def cut_broker(arena: Arena) -> None:
    """One worker cannot reach the broker for 8 s, and then the scheduler cannot."""
    url = arena.link("worker-1", arena.broker)
    arena.worker("worker-1", slots=3, environ={"DIRIGENT_BROKER_URL": url})
    arena.scheduler("scheduler-2", environ={"DIRIGENT_BROKER_URL": arena.link("scheduler-2", arena.broker)})
    start(arena, workers=0, layers=5, width=5)
    arena.bury("scheduler-1")
    arena.reap(runs=3, seconds=0.5)
    acts = ["silence", "cut"]
    arena.rng.shuffle(acts)
    faults = []
    for number, (act, link) in enumerate(zip(acts * 2, ["worker-1", "scheduler-2"] * 2, strict=True)):
        faults += [Fault(1 + 10.0 * number, act, link), Fault(9 + 10.0 * number, "mend", link)]
    carry_out(arena, faults)
    arena.finish(within=180)


SCENARIOS = (
    Scenario(
        name="restart-broker",
        shows="the broker restarted 5 times with a backlog: no worker stays deaf, nothing lost",
        play=restart_broker,
    ),
    Scenario(
        name="empty-broker",
        shows="every ticket thrown away, 20 times: the rows are the truth",
        play=empty_broker,
    ),
    Scenario(
        name="tickets-thrice",
        shows="every message three times: while queued, while running, after success",
        play=tickets_thrice,
    ),
    Scenario(
        name="restart-database",
        shows="PostgreSQL stopped and killed, 4 times, each time started again",
        play=restart_database,
    ),
    Scenario(
        name="cut-database",
        shows="worker and database cut for 5 s, refused or silent: nothing is lost",
        play=cut_database,
        lease_s=12,
    ),
    Scenario(
        name="cut-database-long",
        shows="cut for longer than a lease, under tasks that ignore SIGTERM: the worker stops them before others begin",
        play=cut_database_for_long,
    ),
    Scenario(
        name="cut-broker",
        shows="worker or scheduler cut off from the broker for 8 s, refused or silent",
        play=cut_broker,
    ),
)
