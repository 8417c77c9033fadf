"""Processes that are killed, frozen, replaced, or crash at an edge of a transaction."""

from __future__ import annotations

import json
import signal
import time
from itertools import pairwise

from scheduler.failpoints import PLACES, VARIABLE, Edge, Moment, Spot
from scheduler.wire import Json
from tests.chaos.arena import EMBEDDED, Arena
from tests.chaos.plan import Fault, in_turn
from tests.chaos.scenarios.scenario import Scenario, carry_out, start

#: Places that a scheduler passes; workers and attempts pass the others. Where one of each plans, it is tried with both.
_OF_BOTH = (Edge.PLANNED, Edge.QUEUED)
_OF_SCHEDULERS = (
    Edge.LOSS_RECORDED,
    Edge.LEAD_TAKEN,
    Edge.LEAD_YIELDED,
    Spot.PUBLISH,
    Spot.PUBLISHED,
)
#: Places that a process passes when it is asked to stop.
_AT_THE_END = (Edge.RELEASED, Edge.LEAD_YIELDED)
#: The hit at which it crashes, where it is not the second. Each attempt counts for itself.
_WHEN: dict[str, str] = {
    Edge.QUEUED: "1",
    Edge.RELEASED: "1",
    Edge.LEAD_YIELDED: "1",
    Edge.LOSS_RECORDED: "1",
    Spot.PUBLISH: "1",
    Spot.PUBLISHED: "1",
    Spot.ATTEMPT_BORN: "~0.4",
    Spot.OUTCOME_TOLD: "~0.4",
}
#: Places where it is not the worker that crashes; it lives on until it is killed.
_OF_ATTEMPTS = (Spot.ATTEMPT_BORN, Spot.OUTCOME_TOLD)
#: Places that nobody comes by here: these servers have neither alert rules nor a DAG repository, deferred tasks or
#: assets. Servers that have them crash there in test_alerts, test_bundles, test_waits and test_assets of
#: tests/integration, and in tests/parsing/test_git.
_ELSEWHERE = (
    *(Edge.ALERTED, Spot.MESSAGE, Spot.MESSAGE_SENT),
    *(Spot.BUNDLE_FETCHED, Spot.BUNDLE_WRITTEN),
    *(Edge.WATCHED, Edge.RESUMED),
    *(Edge.ASSETS_CHANGED, Edge.ASSETS_TAKEN),
)
#: What happens at the edges of transactions, again and again.
_FAULTS = ("raise@~0.03", "sleep:0.1@~0.05")
QUICK: dict[str, Json] = {"seconds": 0.1, "stubborn": False, "fails_first": False}


def kill_workers(arena: Arena) -> None:
    """8 workers, one killed in turn every 200 ms for 10 s, under 500 tasks."""
    names = start(arena, workers=8, layers=10, width=10)
    arena.reap(runs=5, seconds=0.3)
    carry_out(arena, in_turn(arena.rng, "kill", names, every_s=0.2, for_s=10))
    arena.finish(within=180)


def kill_schedulers(arena: Arena) -> None:
    """Two schedulers, one killed every 2 s, 8 times."""
    arena.scheduler("scheduler-2")
    start(arena, workers=2, slots=4, layers=8, width=8)
    arena.reap(runs=4, seconds=0.2)
    carry_out(arena, in_turn(arena.rng, "kill", ["scheduler-1", "scheduler-2"], every_s=2, for_s=16))
    arena.finish(within=120)


def kill_embedded(arena: Arena) -> None:
    """The one server of `dirigent up`, killed every 4 s, 4 times."""
    arena.embedded()
    arena.sow(layers=6, width=6)
    arena.until_up()
    arena.reap(runs=6, seconds=0.3)
    carry_out(arena, in_turn(arena.rng, "kill", [*arena.servers], every_s=4, for_s=16))
    arena.finish(within=120)


def freeze_workers(arena: Arena) -> None:
    """Two of three workers in turn are stopped for longer than a lease, and wake up after others took over."""
    names = start(arena, workers=3, layers=3, width=6)
    arena.reap(runs=2, seconds=10)
    faults = []
    for number, name in enumerate(arena.rng.sample(names, 2)):
        at_s = 3 + 14.0 * number
        faults += [Fault(at_s, "freeze", name), Fault(at_s + 12, "thaw", name)]
    carry_out(arena, faults)
    arena.finish(within=180)


def freeze_leader(arena: Arena) -> None:
    """The leading scheduler is stopped until another leads, and wakes up as a second leader."""
    start(arena, workers=2, slots=4, layers=8, width=8)
    arena.scheduler("scheduler-2")
    arena.until_up()
    arena.reap(runs=4, seconds=0.2)
    carry_out(
        arena,
        [
            Fault(at_s, act, "scheduler-1" if number % 2 == 0 else "scheduler-2")
            for number, began_s in enumerate((1, 11, 21))
            for at_s, act in ((began_s, "freeze"), (began_s + 8.5, "thaw"))
        ],
    )
    arena.finish(within=120)


def hand_over(arena: Arena) -> None:
    """The leading one of two schedulers is killed three times, then stopped three times: how soon the other leads."""
    start(arena, workers=2, slots=4, layers=8, width=8)
    arena.until_leads("scheduler-1")
    arena.scheduler("scheduler-2")
    arena.until_up()
    arena.reap(runs=4, seconds=0.2)
    names = ["scheduler-1", "scheduler-2"] * 3
    for number, (leading, following) in enumerate(pairwise([*names, "scheduler-1"])):
        is_kill = number < len(names) // 2
        began_s = time.monotonic()
        arena.servers[leading].send(signal.SIGKILL if is_kill else signal.SIGTERM)
        arena.until_leads(following)
        took_s = time.monotonic() - began_s
        arena.say(
            f"  {took_s:.1f} s after {leading} was {'killed' if is_kill else 'stopped'} the other leads"
        )
        assert took_s <= (10 if is_kill else 3), "the other scheduler led too late"
        arena.bury(leading)
        arena.again(leading).wait_for(" is up")
    arena.finish(within=120)


def deploy(arena: Arena) -> None:
    """Every worker and scheduler is replaced, twice, in the middle of everything; nothing is cut short."""
    names = start(arena, workers=3, layers=6, width=6)
    arena.reap(runs=4, seconds=1)
    order = [*names, "scheduler-1"] * 2
    carry_out(arena, [Fault(1 + 2.0 * number, "relieve", name) for number, name in enumerate(order)])
    arena.finish(within=180)
    cut_short = [attempt.id for attempt in arena.case().history.attempts if attempt.state != "success"]
    assert not cut_short, f"attempts of a second each that a deploy did not wait for: {cut_short}"


def crash_at_edges(arena: Arena) -> None:
    """In each place, one after the other, one process crashes that passes it."""
    start(arena, workers=1, slots=6, layers=3, width=4)
    arena.trigger("field", 1, QUICK)
    places = [place for place in PLACES if not place.startswith(_ELSEWHERE)]
    crashes = sorted((place, is_scheduler) for place in places for is_scheduler in _roles(place))
    arena.rng.shuffle(crashes)
    for place, is_scheduler in crashes:
        # What is behind would hide it: a full worker is not rung for.
        arena.finish(within=120)
        _crash_at(arena, place, is_scheduler)
    arena.finish(within=240)


def _roles(place: str) -> tuple[bool, ...]:
    """Say who passes a place: a scheduler, something else, or one and the other."""
    return (True, False) if place.startswith(_OF_BOTH) else (place.startswith(_OF_SCHEDULERS),)


def _crash_at(arena: Arena, place: str, is_scheduler: bool) -> None:
    """Let a process crash at a place, while nobody else does its work; then start the usual one again."""
    if place.startswith(Edge.RUN_CREATED):
        _crash_while_triggering(arena, place)
        return
    rule = {VARIABLE: f"{place}=crash@{_WHEN.get(place.partition('.')[0], '2')}"}
    usual = "scheduler-1" if is_scheduler else "worker-1"
    (arena.scheduler if is_scheduler else arena.worker)("doomed", environ=rule)
    arena.until_up_or_dead("doomed")
    arena.bury(usual)
    # A lease is renewed while its attempt lasts.
    arena.trigger("field", 1, QUICK | ({"seconds": 5.0} if place.startswith(Edge.RENEWED) else {}))
    if place.startswith(Edge.LOSS_RECORDED):
        arena.until_running_on("worker-1")
        arena.kill("worker-1")
    if place.startswith(_AT_THE_END):
        (arena.until_leads if is_scheduler else arena.until_running_on)("doomed")
        arena.servers["doomed"].send(signal.SIGTERM)
    has_crashed = arena.until_dead("doomed", within=6 if place in _OF_ATTEMPTS else 30)
    arena.say(f"  {place}: {'crashed' if has_crashed else 'lived on'}")
    assert has_crashed or place in _OF_ATTEMPTS, f"nobody came by {place}"
    arena.bury("doomed")
    arena.again(usual)


def _crash_while_triggering(arena: Arena, place: str) -> None:
    """Before the commit there is no run; after it there is one, which runs to its end."""
    run_id = place.replace(".", "-")
    words = ("dags", "trigger", "field", "--run-id", run_id, "--conf", json.dumps(QUICK))
    ended = arena.project.dirigent(*words, **{VARIABLE: f"{place}=crash"})
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    created = [run for run in arena.case().history.runs if run.run_id == run_id]
    assert bool(created) == place.endswith(Moment.COMMITTED), f"{place}: {created}"


def fail_at_edges(arena: Arena) -> None:
    """Every transaction of every server may fail before or after its commit, or take its time, as the seed says."""
    places = sorted(PLACES - {Spot.LAUNCH, Spot.LAUNCHED, Spot.ATTEMPT_BORN, Spot.OUTCOME_TOLD})
    faults = {VARIABLE: ";".join(f"{place}={arena.rng.choice(_FAULTS)}" for place in places)}
    arena.say(faults[VARIABLE].replace(";", "\n"))
    for name in ("scheduler-1", "scheduler-2"):
        arena.scheduler(name, environ=faults)
    for name in ("worker-1", "worker-2"):
        arena.worker(name, slots=4, environ=faults)
    arena.sow(layers=6, width=6)
    arena.reap(runs=6, seconds=0.2)
    arena.finish(within=180)


SCENARIOS = (
    Scenario(
        name="kill-workers",
        shows="8 workers, one killed (-9) every 200 ms for 10 s under 500 tasks",
        play=kill_workers,
    ),
    Scenario(
        name="kill-schedulers",
        shows="two schedulers, one killed (-9) every 2 s, 8 times",
        play=kill_schedulers,
    ),
    Scenario(
        name="kill-embedded",
        shows="`dirigent up` on SQLite, killed (-9) every 4 s, 4 times",
        play=kill_embedded,
        brokers=(EMBEDDED,),
        settings=(("parallelism", "6"),),
    ),
    Scenario(
        name="freeze-workers",
        shows="a worker stopped (SIGSTOP) and woken after its attempts ran elsewhere: none lives beside its successor",
        play=freeze_workers,
    ),
    Scenario(
        name="freeze-leader",
        shows="a leading scheduler stopped and woken while another leads: two leaders harm nothing",
        play=freeze_leader,
    ),
    Scenario(
        name="hand-over",
        shows="the leading scheduler killed, three times: another leads within 10 s; stopped, three times: at once",
        play=hand_over,
    ),
    Scenario(
        name="deploy",
        shows="every server replaced twice by SIGTERM under load: no attempt is cut short",
        play=deploy,
        settings=(("drain_s", "20"),),
    ),
    Scenario(
        name="crash-at-edges",
        shows="a crash before and after every commit, around publishing and launching, and in attempts",
        play=crash_at_edges,
        forgiven="killed by SIGKILL",
    ),
    Scenario(
        name="fail-at-edges",
        shows="transactions of all servers fail or stall before and after their commits, 1 in 30",
        play=fail_at_edges,
    ),
)
