"""What people asked for, and the rules of what it allows: exactly that, and nothing else.

A person's act shows in the event table by its actor. It may bring a task to `none` (rerun), `success`, `failed` or
`skipped`, and a run to `queued`, `success` or `failed`, out of any state that the table of moves has; nobody else opens
an end. It ends the attempt that lives. What it leaves is planned by the states as they are then: a task that is
`success` by a mark counts like one that earned it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from scheduler.core.states import FINISHED, RUN_FINISHED, RunState, TaskState
from scheduler.runtime.supervisor.limits import Limits
from tests.chaos.case import Case, is_by_hand
from tests.chaos.history import Move, Run, Task
from tests.chaos.ledger import Life

#: Where a person may bring a task, or a run.
BY_HAND = {
    "task.state": frozenset({TaskState.NONE, TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED}),
    "run.state": frozenset({RunState.QUEUED, RunState.SUCCESS, RunState.FAILED}),
}
_FAILURES = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})
#: What is set now is in force for whoever looks a moment later.
_TOLERANCE_S = 2.0
#: From the moment a worker hears that an attempt is to stop.
STOP_GRACE_S = Limits().stop_grace_s


def what_was_asked_is_done(case: Case) -> Iterator[str]:
    """An act that was acknowledged is recorded, with whoever asked for it."""
    done = {(case.runs[move.run_pk].run_id, move.actor) for move in case.history.moves}
    for asked in case.asked:
        if (asked.run_id, asked.actor) not in done:
            yield f"{asked.actor} was told that run {asked.run_id} has {asked.what}, which nobody recorded"


def what_was_taken_back_ends(case: Case) -> Iterator[str]:
    """Code of an attempt that a person ended begins no more a lease later, and has ended a grace after that.

    Within a lease its worker hears of it, or has ended it as it has lost touch.
    """
    for attempt in case.history.attempts:
        if attempt.state != "cancelled":
            continue
        run_id = case.runs[attempt.run_pk].run_id
        told = [
            asked.done_at
            for asked in case.asked
            if asked.run_id == run_id and attempt.reason.endswith(f" by {asked.actor}")
        ]
        if not told:
            yield f"attempt {attempt.id} was cancelled, and nobody asked for it: {attempt.reason}"
            continue
        heard_s = max(told) + case.lease_s
        for life in case.lives_of_attempt.get(attempt.id, ()):
            yield from _late(life, heard_s, attempt.reason)


def _late(life: Life, heard_s: float, reason: str) -> Iterator[str]:
    if life.began > heard_s:
        yield f"{life.name} began {life.began - heard_s:.3f} s too late: {reason}"
    if life.seen > heard_s + STOP_GRACE_S:
        yield f"{life.name} lived {life.seen - heard_s - STOP_GRACE_S:.3f} s too long: {reason}"


def plans_follow_states(case: Case) -> Iterator[str]:
    """What servers decide follows from the states that were recorded by then, whoever led there.

    A task is scheduled when all that it waits for are a success; it has an upstream failed, or skips, for a reason;
    a run ends once all of its tasks have, and fails exactly when a task failed that nothing waits for. Each time that
    a task is admitted makes one attempt.
    """
    replay = _Replay(case)
    for move in case.history.moves:
        yield from replay.judge(move)
        replay.follow(move)
    for ti_id in case.tasks:
        attempts = len(case.attempts_of.get(ti_id, ()))
        if attempts != replay.admitted[ti_id]:
            yield f"{case.name(ti_id)} was admitted {replay.admitted[ti_id]} times and has {attempts} attempts"


@dataclass
class _Replay:
    """The states of all tasks after so many moves."""

    case: Case
    states: dict[int, str] = field(default_factory=dict)
    admitted: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    of_run: defaultdict[int, list[Task]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for task in self.case.history.tasks:
            self.of_run[task.run_pk].append(task)

    def follow(self, move: Move) -> None:
        """Take a move as made."""
        if move.kind != "task.state" or move.ti_id is None:
            return
        if move.to_state == TaskState.QUEUED and self._state(move.ti_id) == TaskState.SCHEDULED:
            self.admitted[move.ti_id] += 1
        self.states[move.ti_id] = move.to_state

    def judge(self, move: Move) -> Iterator[str]:
        """Say what is wrong with a move of a server."""
        if is_by_hand(move):
            return
        if move.kind == "run.state":
            yield from self._end_of_run(move)
        elif move.ti_id in self.case.tasks:
            yield from self._plan_of_task(move, move.ti_id)

    def _state(self, ti_id: int) -> str:
        return self.states.get(ti_id, TaskState.NONE)

    def _upstream(self, ti_id: int) -> dict[str, set[str]]:
        """Return the states of what a task waits for: of all instances, or of the one of the same path."""
        task = self.case.tasks[ti_id]
        found: dict[str, dict[str, str]] = {name: {} for name in self.case.upstream_of(task)}
        for each in self.of_run[task.run_pk]:
            if each.task_id in found:
                found[each.task_id][each.path] = self._state(each.id)
        return {
            name: {paths[task.path]} if task.path in paths else set(paths.values()) or {TaskState.NONE}
            for name, paths in found.items()
        }

    def _plan_of_task(self, move: Move, ti_id: int) -> Iterator[str]:
        above = self._upstream(ti_id)
        states = set[str]().union(*above.values())
        begins = move.to_state == TaskState.SCHEDULED and self._state(ti_id) == TaskState.NONE
        is_right = (
            (not begins or states <= {TaskState.SUCCESS})
            and (move.to_state != TaskState.UPSTREAM_FAILED or states & _FAILURES)
            and (move.to_state != TaskState.SKIPPED or TaskState.SKIPPED in states)
        )
        if not is_right:
            yield f"event {move.id}: {self.case.name(ti_id)} became {move.to_state} below {above}"

    def _end_of_run(self, move: Move) -> Iterator[str]:
        if move.to_state not in RUN_FINISHED:
            return
        run, tasks = self.case.runs[move.run_pk], self.of_run[move.run_pk]
        open_ = [task.task_id for task in tasks if self._state(task.id) not in FINISHED]
        if open_:
            yield f"event {move.id}: run {run.run_id} ended before {', '.join(open_)}"
        has_failed = any(self._state(task.id) in _FAILURES for task in _leaves(self.case, run, tasks))
        if has_failed != (move.to_state == RunState.FAILED):
            yield f"event {move.id}: run {run.run_id} ended as {move.to_state}, which its last tasks did not"


def _leaves(case: Case, run: Run, tasks: list[Task]) -> list[Task]:
    waited_for = {name for names in case.history.upstream[run.version_id].values() for name in names}
    return [task for task in tasks if task.task_id not in waited_for]


def pools_hold_what_they_were_given(case: Case) -> Iterator[str]:
    """Who was admitted last found room in the pool as it was then: one made smaller lets go on what runs."""
    sizes = _sizes(case)
    alive: defaultdict[str, list[tuple[Life, Task, datetime]]] = defaultdict(list)
    for life in case.lives:
        attempt = case.attempts.get(life.attempt_id)
        if attempt is None or attempt.ti_id is None:
            continue
        task = case.tasks[attempt.ti_id]
        here = [each for each in alive[task.pool] if each[0].seen > life.began]
        here.append((life, task, attempt.queued_at))
        alive[task.pool] = here
        used = sum(each.pool_slots for _, each, _ in here)
        room = _largest(sizes.get(task.pool, []), max(at for _, _, at in here).timestamp())
        if room is not None and used > room:
            yield f"pool {task.pool}: {used} at once as {life.name} began, allowed were {room}"


def _sizes(case: Case) -> dict[str, list[tuple[float, float, int]]]:
    """Return how large each pool was, from when to when, where that was recorded."""
    set_: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for resize in case.history.resizes:
        set_[resize.name].append((resize.at.timestamp(), resize.slots))
    spans = {}
    for name, steps in set_.items():
        ends = [*steps, (float("inf"), 0)]
        spans[name] = [(at, until, slots) for (at, slots), (until, _) in pairwise(ends)]
    return spans


def _largest(spans: list[tuple[float, float, int]], at: float) -> int | None:
    near = [slots for since, until, slots in spans if since - _TOLERANCE_S <= at <= until + _TOLERANCE_S]
    return max(near, default=None)
