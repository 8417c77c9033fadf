"""Hosts whose clock is wrong, whose disk or memory is full, and forks in awkward moments."""

from __future__ import annotations

import sys

from tests.chaos.arena import Arena
from tests.chaos.plan import Fault
from tests.chaos.scenarios.networks import restart_database
from tests.chaos.scenarios.scenario import Scenario, carry_out, start
from tests.chaos.workload import GREEDY, lock_holder

_SKEW_S = 300


def _clock(offset_s: int) -> tuple[str, ...]:
    """Return what runs a server by a clock that is so far off."""
    return (sys.executable, "-m", "tests.chaos.skewed", str(offset_s))


def workers_clock_off(arena: Arena) -> None:
    """One worker's clock is 5 minutes ahead, another one's 5 minutes behind; each task fails at its first try."""
    arena.worker("worker-ahead", slots=3, before=_clock(_SKEW_S))
    arena.worker("worker-behind", slots=3, before=_clock(-_SKEW_S))
    start(arena, workers=1, layers=4, width=6)
    arena.reap(runs=3, seconds=0.3, fails_first=True)
    carry_out(arena, [Fault(3, "kill", "worker-ahead"), Fault(6, "kill", "worker-behind")])
    arena.finish(within=90)


def leaders_clock_off(arena: Arena) -> None:
    """The lead changes between schedulers whose clocks are 5 minutes ahead and 5 minutes behind."""
    arena.scheduler("scheduler-ahead", before=_clock(_SKEW_S))
    arena.scheduler("scheduler-behind", before=_clock(-_SKEW_S))
    start(arena, workers=2, slots=3, layers=5, width=6)
    arena.reap(runs=4, seconds=0.3, fails_first=True)
    names = ["scheduler-1", "scheduler-ahead", "scheduler-behind"]
    arena.rng.shuffle(names)
    carry_out(arena, [Fault(1 + 8.0 * number, "kill", name) for number, name in enumerate(names)])
    arena.finish(within=120)


def full_disk(arena: Arena) -> None:
    """The disk of one worker is full, from before its first task, and again later."""
    disk = arena.mount("worker-full", megabytes=2)
    disk.fill()
    arena.worker("worker-full", slots=3)
    start(arena, workers=1, layers=5, width=6)
    arena.reap(runs=4, seconds=0.4)
    carry_out(
        arena,
        [Fault(6, "free", "worker-full"), Fault(12, "fill", "worker-full"), Fault(18, "free", "worker-full")],
    )
    arena.finish(within=120)


def out_of_memory(arena: Arena) -> None:
    """Tasks that take memory without end are killed, by the kernel where it may; those beside them do not notice."""
    arena.project.write("greedy.py", GREEDY)
    start(arena, workers=2, slots=3, layers=4, width=6)
    arena.reap(runs=2, seconds=0.3)
    arena.trigger("greedy", 3)
    arena.finish(within=120)
    reasons = {task.reason for task in arena.case().history.tasks if task.task_id == "devour"}
    assert all("MB of 300 MB" in reason for reason in reasons), reasons


def end_at_heartbeats(arena: Arena) -> None:
    """1,000 tasks end while leases are renewed, which takes long: each is a success at once."""
    slow = {"DIRIGENT_TEST_FAILPOINTS": "renewed.open=sleep:0.02@1+; renewed.committed=sleep:0.02@1+"}
    for name in ("worker-1", "worker-2"):
        arena.worker(name, slots=8, environ=slow)
    start(arena, workers=0, layers=10, width=25)
    arena.reap(runs=4, seconds=0.2)
    arena.finish(within=280)
    others = [a.id for a in arena.case().history.attempts if a.state != "success"]
    assert not others, f"attempts that did not succeed at once: {others}"


def locked_at_fork(arena: Arena) -> None:
    """A DAG file leaves a thread behind that holds a lock most of the time; none of 1,000 attempts inherits it."""
    arena.project.write("locked.py", lock_holder(arena.ledger, tasks=100))
    start(arena, workers=2, slots=4, layers=1, width=1)
    arena.trigger("locked", 10)
    arena.finish(within=560)


SCENARIOS = (
    Scenario(
        name="workers-clock-off",
        shows="clocks of two workers 5 minutes off, ahead and behind: retries in time, no false loss",
        play=workers_clock_off,
        skew_s=2 * _SKEW_S,
    ),
    Scenario(
        name="leaders-clock-off",
        shows="clocks of two schedulers 5 minutes off, one after the other leads",
        play=leaders_clock_off,
        skew_s=2 * _SKEW_S,
    ),
    Scenario(
        name="full-disk",
        shows="the disk of one worker full: its tasks run elsewhere or without a log; none fails",
        play=full_disk,
        needs=("tmpfs",),
    ),
    Scenario(
        name="out-of-memory",
        shows="tasks that take memory without end fail in words (as root: killed by the kernel); the others succeed",
        play=out_of_memory,
        fails=("greedy",),
        settings=(("attempt_memory_mb", "300"),),
    ),
    Scenario(
        name="end-at-heartbeats",
        shows="1,000 tasks ending while leases are renewed: each succeeds at once",
        play=end_at_heartbeats,
        brokers=("redis",),
        settings=(("heartbeat_s", "0.2"),),
    ),
    Scenario(
        name="locked-at-fork",
        shows="1,000 attempts of a file whose import leaves a thread holding a lock: none hangs",
        play=locked_at_fork,
        brokers=("redis",),
    ),
    Scenario(
        name="pgbouncer",
        shows="PgBouncer in transaction mode between all and PostgreSQL, which restarts",
        play=restart_database,
        needs=("pgbouncer",),
        pooled=True,
    ),
)
