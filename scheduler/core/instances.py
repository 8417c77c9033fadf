"""What follows from a change where tasks are mapped: an instance waits for those that share its indices.

An instance in a mapped group waits for the same instance of its fellows, a task outside for all. So one more finished
instance of ten thousand concerns few rows: `followers` names them, and `waits_for` what is to be counted for each.
`core.plan` decides the same for graphs without mapping, from the states of whole tasks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from scheduler.core.dimensions import depth_of, sources, upper
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.loops import has_begun
from scheduler.core.plan import Held, Move, States, held_by_past, named
from scheduler.core.states import UNFINISHED, TaskState
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

#: The instances of a task at a path and below it; all of them where the path is empty.
Scope = TaskKey
#: How many instances of each scope are in which state.
Counts = Mapping[Scope, Mapping[TaskState, int]]
#: What was not counted is there, and has not finished.
UNKNOWN: Final = {TaskState.NONE: 1}


def followers(graph: TaskGraph, keys: Iterable[TaskKey]) -> set[Scope]:
    """Return where instances stand that wait for one of these."""
    return {
        Scope(each, upper(key.path, graph.dimensions.shared(key.task_id, each)))
        for key in keys
        for each in graph.wakes(key.task_id)
    }


def waits_for(graph: TaskGraph, key: TaskKey) -> list[Scope]:
    """Return all that an instance waits for."""
    return [
        Scope(each, upper(key.path, graph.dimensions.shared(key.task_id, each)))
        for each in sorted(graph.waits(key.task_id))
    ]


def scopes_of(graph: TaskGraph, key: TaskKey, task_ids: Iterable[str]) -> frozenset[Scope]:
    """Return where those instances of tasks stand that belong to one: in a mapped group those of its own index."""
    return frozenset(
        Scope(each, upper(key.path, graph.dimensions.shared(key.task_id, each)))
        for each in task_ids
        if each in graph.tasks
    )


def stands_in(key: TaskKey, scopes: Collection[Scope]) -> bool:
    """Tell whether an instance stands in one of these places."""
    return any(
        Scope(key.task_id, upper(key.path, depth)) in scopes for depth in range(depth_of(key.path) + 1)
    )


def is_unmoved_by_success(graph: TaskGraph, key: TaskKey, unfinished: Collection[str]) -> bool:
    """Tell whether a success upstream can change nothing for an instance, as it waits for all of an unfinished task."""
    if graph.tasks[key.task_id].trigger_rule not in UNMOVED_BY_SUCCESS:
        return False
    return any(not scope.path and scope.task_id in unfinished for scope in waits_for(graph, key))


def judge_instance(
    graph: TaskGraph, key: TaskKey, counts: Counts, *, past: States | None = None
) -> Move | Held:
    """Decide about an instance that has not begun; `counts` holds all that it waits for."""
    if has_begun(graph, key):
        return Move(*key, TaskState.SCHEDULED)
    match _judge(graph, key, counts):
        case Ready():
            return _start(graph, key, counts, past)
        case Wait(reason):
            return Held(*key, f"waits for {_names(graph, key, counts, UNFINISHED)} ({reason})")
        case Becomes(state, reason, blame):
            words = f"{reason}: {_names(graph, key, counts, blame)}" if blame else reason
            return Move(*key, state, words)


def _judge(graph: TaskGraph, key: TaskKey, counts: Counts) -> Verdict:
    scopes = waits_for(graph, key)
    gates = graph.gates.get(key.task_id, frozenset())
    is_teardown = key.task_id in graph.teardowns
    aside = _tally([each for each in scopes if each.task_id in gates], counts)
    if gates and not is_teardown:
        needs = judge_setups(aside)
        if not isinstance(needs, Ready):
            return needs
    direct = [each for each in scopes if each.task_id not in gates]
    tally = _tally(direct, counts)
    setups = Counter[TaskState]()
    for scope in direct if is_teardown else ():
        if scope.task_id in graph.setups:
            setups.update(counts.get(scope, {}))
    found = judge(graph.tasks[key.task_id].trigger_rule, tally, tally.total(), setups=setups)
    return judge_scope(aside) if gates and is_teardown and isinstance(found, Ready) else found


def _tally(scopes: Iterable[Scope], counts: Counts) -> Counter[TaskState]:
    tally = Counter[TaskState]()
    for scope in scopes:
        tally.update(counts.get(scope) or UNKNOWN)
    return tally


def _start(graph: TaskGraph, key: TaskKey, counts: Counts, past: States | None) -> Move | Held:
    unknown = _mapped_over(graph, key, counts)
    if unknown or graph.dimensions.is_stem(key):
        return Held(*key, f"waits for {named(graph, unknown)}: it is mapped over what they return")
    if reason := held_by_past(graph, key, past):
        return Held(*key, reason, "past")
    return Move(*key, TaskState.SCHEDULED)


def _mapped_over(graph: TaskGraph, key: TaskKey, counts: Counts) -> set[str]:
    """Return what an instance is mapped over and cannot begin without: of a stem all that its next dimension needs."""
    dimensions = graph.dimensions.of(key.task_id)
    if graph.dimensions.is_stem(key):
        return {source.task_id for source in sources(dimensions[depth_of(key.path)])}
    names = {source.task_id for dimension in dimensions for source in sources(dimension)}
    return {
        scope.task_id
        for scope in (waits_for(graph, key) if names else ())
        if scope.task_id in names and not UNFINISHED.isdisjoint(+Counter(counts.get(scope) or UNKNOWN))
    }


def _names(graph: TaskGraph, key: TaskKey, counts: Counts, states: frozenset[TaskState]) -> str:
    found = [
        scope.task_id
        for scope in waits_for(graph, key)
        if not states.isdisjoint(+Counter(counts.get(scope, {})))
    ]
    return named(graph, found)
