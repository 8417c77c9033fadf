"""What follows from a change: which tasks may run, which never will, which wait and why, and how a run ends.

Pure: states come in, moves go out, and the same states always give the same moves. The caller reads, and
writes the moves through the guarded movers of the store; whoever lost a race there simply plans again.

Not decided here: a task whose `retry_at` is due. That is a question of time alone, so the loop asks the
database for such rows and schedules them in one statement (`up_for_retry`, `up_for_reschedule` ->
`scheduled`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, nsmallest
from typing import Final, Literal, NamedTuple, TypeAlias

from scheduler.core.dimensions import depth_of, upper
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.loops import standing
from scheduler.core.states import FINISHED, UNFINISHED, RunState, TaskState
from scheduler.core.trigger_rules import (
    UNMOVED_BY_SUCCESS,
    Becomes,
    Ready,
    Verdict,
    Wait,
    judge,
    judge_scope,
    judge_setups,
)

#: task_id -> path -> state.
States: TypeAlias = Mapping[str, Mapping[str, TaskState]]

_FAILURES: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})
#: A task that was taken out of the earlier run will never end there, as one that it never had.
_PAST_MET: Final = frozenset({TaskState.SUCCESS, TaskState.SKIPPED, TaskState.REMOVED})
_NAMED: Final = 3  #: tasks that a reason names before it says "and n more"


class Move(NamedTuple):
    """A task instance is to move to `to`; `reason` says why where that is not plain."""

    task_id: str
    path: str
    to: TaskState
    reason: str = ""


class Held(NamedTuple):
    """A task instance that stays where it is, and why.

    `by` upstream: a change upstream brings it back by itself. `by` past: whoever finishes the task in the
    earlier run must set this row's `changed`.
    """

    task_id: str
    path: str
    reason: str
    by: Literal["upstream", "past"] = "upstream"


@dataclass(frozen=True, slots=True)
class Plan:
    """The consequences of a change. Moves are in topological order.

    `unread`: tasks whose states further decisions need and that were not given; the moves hold all the same.
    Plan again with them added, until none is left that matters.
    """

    moves: tuple[Move, ...] = ()
    held: tuple[Held, ...] = ()
    unread: frozenset[str] = frozenset()


class FinishRun(NamedTuple):
    """A run is to end in `state`."""

    state: Literal[RunState.SUCCESS, RunState.FAILED]
    reason: str = ""


def plan(
    graph: TaskGraph, changed: Collection[TaskKey], states: States, *, past: States | None = None
) -> Plan:
    """Draw all consequences of the states of the `changed` task instances, chains of skips included.

    A changed instance that is `none` is itself considered (a root of a new run, a cleared task); one that has
    finished makes those downstream be considered. `past` holds the states in the run before this one (of
    tasks that depend on the past, and of those directly downstream of them), None where there is no earlier
    run. In a fail_fast DAG a failure stops everything unfinished; live attempts of what moves out of `queued`
    or `running` are the mover's.
    """
    if graph.spec.fail_fast and (broken := _failed(changed, states)):
        return _stop_all(graph, states, broken, past)
    return _Planning(graph, states, past).run(changed)


def needed(
    graph: TaskGraph, changed: Mapping[TaskKey, TaskState], *, unfinished: Collection[str] = ()
) -> frozenset[str]:
    """Return the tasks whose states `plan` looks at: candidates, what they wait for, chains of skips.

    Enough for what skips and failures lead to. Where a success or a cleared task makes another one skip, what
    follows that one comes back in `Plan.unread`.
    `unfinished`: tasks that are known to be so, not necessarily all. They spare reading the thousand tasks
    upstream of a join for each one that succeeds.
    """
    if graph.spec.fail_fast and not _FAILURES.isdisjoint(changed.values()):
        return frozenset(graph.order)
    candidates = {key.task_id for key, state in changed.items() if state is TaskState.NONE}
    for key, state in changed.items():
        if state is TaskState.SUCCESS:
            candidates |= {
                each for each in graph.wakes(key.task_id) if not _waits_for_others(graph, each, unfinished)
            }
        elif state in FINISHED:
            candidates |= graph.wakes(key.task_id)
    chained = {
        key.task_id for key, state in changed.items() if state in FINISHED and state is not TaskState.SUCCESS
    }
    candidates |= graph.descendants(chained)
    return frozenset(candidates.union({key.task_id for key in changed}, *map(graph.waits, candidates)))


def _waits_for_others(graph: TaskGraph, task_id: str, unfinished: Collection[str]) -> bool:
    """Tell whether a success upstream can change nothing for a task, as others that it waits for are unfinished."""
    if graph.tasks[task_id].trigger_rule not in UNMOVED_BY_SUCCESS:
        return False
    return not graph.waits(task_id).isdisjoint(unfinished)


def finish(graph: TaskGraph, leaf_states: States, *, failed: Collection[str] = ()) -> FinishRun:
    """Return how a run ends of which nothing is unfinished. It fails when a leaf failed.

    The reason names the tasks that `failed`, as those are to be put right; the leaves where none is given.
    """
    broken = [
        task_id
        for task_id, paths in leaf_states.items()
        if not _FAILURES.isdisjoint(standing(graph, task_id, paths).values())
    ]
    if broken:
        return FinishRun(RunState.FAILED, f"failed: {named(graph, failed or broken)}")
    return FinishRun(RunState.SUCCESS)


def why(graph: TaskGraph, key: TaskKey, states: States, *, past: States | None = None) -> list[str]:
    """Return why a task instance in `none` is not scheduled, in the planner's words; empty when it may be."""
    planned = plan(graph, [key], states, past=past)
    reasons = [held.reason for held in planned.held if (held.task_id, held.path) == key]
    return reasons + [
        move.reason for move in planned.moves if (move.task_id, move.path) == key and move.reason
    ]


@dataclass(slots=True)
class _Planning:
    """One call of `plan`. Each task is judged once, in topological order: it sees all decided before it."""

    graph: TaskGraph
    states: States
    past: States | None
    decided: dict[str, dict[str, TaskState]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    heap: list[int] = field(default_factory=list)
    pushed: set[int] = field(default_factory=set)

    def run(self, changed: Iterable[TaskKey]) -> Plan:
        for key in changed:
            self._enter(key)
        while self.heap:
            self._consider(self.graph.order[heappop(self.heap)])
        return Plan(tuple(self.moves), tuple(self.held), frozenset(self.unread))

    def _enter(self, key: TaskKey) -> None:
        state = self.states.get(key.task_id, {}).get(key.path)
        if state is None:
            self.unread.add(key.task_id)
        elif state is TaskState.NONE:
            self._push(key.task_id)
        elif state in FINISHED:
            self._follow(key.task_id)

    def _follow(self, task_id: str) -> None:
        for each in self.graph.wakes(task_id):
            self._push(each)

    def _push(self, task_id: str) -> None:
        place = self.graph.index[task_id]
        if place not in self.pushed:
            self.pushed.add(place)
            heappush(self.heap, place)

    def _consider(self, task_id: str) -> None:
        paths = self.states.get(task_id)
        if paths is None:
            self.unread.add(task_id)
        elif waiting := [path for path, state in paths.items() if state is TaskState.NONE]:
            self._decide(task_id, waiting)

    def _decide(self, task_id: str, paths: list[str]) -> None:
        unread: list[str] = []
        match self._judge(task_id, unread):
            case Ready():
                self._schedule(task_id, paths)
            case Wait() if unread:
                self.unread.update(unread)
            case Wait(reason):
                words = f"waits for {self._named(task_id, UNFINISHED)} ({reason})"
                self.held.extend(Held(task_id, path, words) for path in paths)
            case Becomes(state, reason, blame):
                words = f"{reason}: {self._named(task_id, blame)}" if blame else reason
                self._write(task_id, paths, state, words)

    def _judge(self, task_id: str, unread: list[str]) -> Verdict:
        gates = self.graph.gates.get(task_id)
        is_teardown = task_id in self.graph.teardowns
        if gates and not is_teardown:
            needs = judge_setups(self._tally(gates, unread))
            if not isinstance(needs, Ready):
                return needs
        counts = self._tally(self.graph.upstream(task_id), unread)
        rule = self.graph.tasks[task_id].trigger_rule
        found = judge(rule, counts, sum(counts.values()), setups=self._setups(task_id))
        if gates and is_teardown and isinstance(found, Ready):
            return judge_scope(self._tally(gates, unread))
        return found

    def _tally(self, task_ids: Collection[str], unread: list[str]) -> dict[TaskState, int]:
        """Count the states of tasks. One whose states were not given counts as one unfinished, and as `unread`."""
        counts: dict[TaskState, int] = {}
        for each in task_ids:
            paths = self._now(each)
            if not paths:
                unread.append(each)
            for state in paths.values() if paths else (TaskState.NONE,):
                counts[state] = counts.get(state, 0) + 1
        return counts

    def _setups(self, task_id: str) -> Mapping[TaskState, int] | None:
        """Count the states of the setups upstream, for a teardown."""
        if task_id not in self.graph.teardowns:
            return None
        return Counter(
            state for each in self.graph.upstream(task_id) & self.graph.setups for state in self._values(each)
        )

    def _now(self, task_id: str) -> Mapping[str, TaskState] | None:
        return self.decided.get(task_id) or self.states.get(task_id)

    def _named(self, task_id: str, states: frozenset[TaskState]) -> str:
        """Name the first upstream tasks with an instance in one of these states."""
        names = [each for each in self.graph.waits(task_id) if not states.isdisjoint(self._values(each))]
        return named(self.graph, names)

    def _values(self, task_id: str) -> Iterable[TaskState]:
        return (self._now(task_id) or {}).values()

    def _schedule(self, task_id: str, paths: list[str]) -> None:
        for path in paths:
            if reason := held_by_past(self.graph, TaskKey(task_id, path), self.past):
                self.held.append(Held(task_id, path, reason, "past"))
            else:
                self.moves.append(Move(task_id, path, TaskState.SCHEDULED))

    def _write(self, task_id: str, paths: list[str], to: TaskState, reason: str) -> None:
        self.decided[task_id] = {**self.states[task_id], **dict.fromkeys(paths, to)}
        self.moves.extend(Move(task_id, path, to, reason) for path in paths)
        self._follow(task_id)


def held_by_past(graph: TaskGraph, key: TaskKey, past: States | None) -> str:
    """Return why the run before this one forbids a start, or "". A task that it did not have is free."""
    task = graph.tasks[key.task_id]
    if past is None or not (task.depends_on_past or task.wait_for_downstream):
        return ""
    if (state := _in_past(graph, key, past)) not in _PAST_MET:
        return f"waits for {key.task_id} in the run before this one, where it is {state}"
    if not task.wait_for_downstream:
        return ""
    open_tasks = [
        each
        for each in graph.downstream(key.task_id)
        if not _PAST_MET.issuperset(past.get(each, {}).values())
    ]
    return f"waits for {named(graph, open_tasks)} in the run before this one" if open_tasks else ""


def _in_past(graph: TaskGraph, key: TaskKey, past: States) -> TaskState:
    """Return where the same instance stands in the run before; of a loop, the iteration that it has come to.

    Where it has no such instance, the row above it does that stands for what is not there yet.
    """
    paths = past.get(key.task_id, {})
    if key.task_id in graph.loops:
        newest = standing(graph, key.task_id, paths)
        loop = key.path.rpartition(".")[0]
        paths = {(key.path if path.rpartition(".")[0] == loop else path): newest[path] for path in newest}
    above = (upper(key.path, depth) for depth in reversed(range(depth_of(key.path) + 1)))
    return next((paths[path] for path in above if path in paths), TaskState.REMOVED)


def _failed(changed: Iterable[TaskKey], states: States) -> list[str]:
    return [key.task_id for key in changed if states.get(key.task_id, {}).get(key.path) is TaskState.FAILED]


def _stop_all(graph: TaskGraph, states: States, broken: Sequence[str], past: States | None) -> Plan:
    """End everything unfinished: what runs fails, what does not run is skipped, as in Airflow. Teardowns go on."""
    reason = f"stopped because {named(graph, broken)} failed and the DAG is fail_fast"
    moves = [
        Move(task_id, path, TaskState.FAILED if state is TaskState.RUNNING else TaskState.SKIPPED, reason)
        for task_id in graph.order
        for path, state in states.get(task_id, {}).items()
        if state in UNFINISHED and task_id not in graph.teardowns
    ]
    unread = frozenset(graph.order) - states.keys()
    if not graph.teardowns:
        return Plan(tuple(moves), (), unread)
    ended = {task_id: dict(paths) for task_id, paths in states.items()}
    for move in moves:
        ended[move.task_id][move.path] = move.to
    # A teardown that waits for nothing is woken by no task above it.
    around = set(graph.teardowns).union(*map(graph.upstream, graph.teardowns))
    keys = [TaskKey(task_id, path) for task_id in around for path in ended.get(task_id, ())]
    left = _Planning(graph, ended, past).run(keys)
    return Plan((*moves, *left.moves), left.held, unread | left.unread)


def named(graph: TaskGraph, task_ids: Collection[str]) -> str:
    """Return "a, b, c and 4 more", in the order of the graph."""
    first = nsmallest(_NAMED, set(task_ids), key=graph.index.__getitem__)
    more = len(set(task_ids)) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
