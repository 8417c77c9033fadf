"""Mapped tasks get their instances: in the transaction that learns how many, under the lock of the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from scheduler.core.dimensions import depth_of, sources, upper
from scheduler.core.expansion import Answer, Growth, Length, Place, answer, grow, is_of_many, place_of
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.instances import Counts, Scope
from scheduler.core.plan import Move
from scheduler.core.states import FINISHED, TaskState
from scheduler.dispatch.callbacks import queue_failure_callback
from scheduler.loop.moves import write_moves
from scheduler.store.engine import Session
from scheduler.store.instances import count_within, rename_rows, rows_within
from scheduler.store.mapped_xcoms import Handed, count_instances, lengths
from scheduler.store.new_runs import task_values
from scheduler.store.reruns import clear_tasks
from scheduler.store.runs import RunRow
from scheduler.store.tasks import TaskRow, insert_tasks, move_tasks
from scheduler.store.xcoms import delete_xcoms

_SURPLUS = "there are fewer to map over than before"


@dataclass(slots=True)
class Grown:
    """Where instances came to be, and which ended by that."""

    scopes: set[Scope] = field(default_factory=set)
    ended: dict[TaskKey, TaskState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of what tasks are mapped over."""

    counts: Counts
    lengths: Mapping[Place, Length]


def expand_tasks(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    wave: Mapping[TaskKey, TaskState],
    most_items: int,
) -> Grown:
    """Expand the tasks of which a change may say how many instances they have."""
    grown = Grown()
    scopes = concerned(graph, wave)
    while scopes:
        begun = _expand_within(session, now, run, graph, scopes, most_items, grown)
        begun |= _make_up(session, now, run, graph, begun)
        grown.scopes |= begun.keys()
        # A stem that comes to be may be over what has ended long ago: nobody has looked at it, as nobody waited for it.
        scopes = {scope for scope, paths in begun.items() if _has_stem(graph, scope.task_id, paths)}
    return grown


def _has_stem(graph: TaskGraph, task_id: str, paths: Iterable[str]) -> bool:
    return any(graph.dimensions.is_stem(TaskKey(task_id, path)) for path in paths)


def _expand_within(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    scopes: set[Scope],
    most_items: int,
    grown: Grown,
) -> dict[Scope, list[str]]:
    """Have as many instances in some scopes as there are to be; return where some came to be, and their paths."""
    begun: dict[Scope, list[str]] = {}
    rows = _by_scope(rows_within(session, run.id, scopes, graph.dimensions.depth), scopes)
    facts = _facts(session, run, graph, rows)
    for scope in sorted(rows, key=lambda each: (graph.index[each.task_id], each.path)):
        found = {row.path: row for row in rows[scope]}
        growth = _growth(graph, scope, found, facts, most_items)
        _apply(session, now, run, graph, scope, found, growth)
        grown.ended |= _end(session, now, run, graph, scope, growth)
        if paths := [*growth.opened, *growth.renamed.values(), *growth.created]:
            begun[scope] = paths
    return begun


def _make_up(
    session: Session, now: datetime, run: RunRow, graph: TaskGraph, begun: Mapping[Scope, list[str]]
) -> dict[Scope, list[str]]:
    """Make what new instances wait for in their groups and what is not there; return it by where it stands.

    Their fellows had all ended, with fewer instances, when the group was found to have more.
    """
    made: dict[Scope, list[str]] = {}
    wave = dict(begun)
    while needed := _needed(graph, wave) - made.keys():
        counts = count_within(session, run.id, needed, graph.dimensions.depth, graph.loops)
        wave = {scope: [scope.path] for scope in needed if not counts[scope].keys() - {TaskState.REMOVED}}
        rows = {row.key: row for row in rows_within(session, run.id, wave.keys(), graph.dimensions.depth)}
        for scope in sorted(wave):
            row = rows.get(scope)
            growth = Growth(opened=[row.path]) if row else Growth(created={scope.path: None})
            _apply(session, now, run, graph, scope, {row.path: row} if row else {}, growth)
        made |= wave
    return made


def _needed(graph: TaskGraph, begun: Mapping[Scope, list[str]]) -> set[Scope]:
    """Return where the fellows stand that new instances wait for; those that grew with them are there."""
    return {
        Scope(each, upper(path, shared))
        for scope, paths in begun.items()
        for each in graph.upstream(scope.task_id)
        if (shared := graph.dimensions.shared(each, scope.task_id))
        and begun.keys().isdisjoint({Scope(each, scope.path), Scope(each, "")})
        for path in paths
    }


def concerned(graph: TaskGraph, wave: Mapping[TaskKey, TaskState]) -> set[Scope]:
    """Return the tasks to look at, and below which path: those mapped over what ended, and those that begin anew."""
    scopes: set[Scope] = set()
    for key, state in wave.items():
        if state is TaskState.NONE and graph.dimensions.may_grow(key):
            scopes.add(Scope(key.task_id, ""))
        elif state in FINISHED:
            for each, place in graph.dimensions.mapped_over(key.task_id).items():
                shared = min(place, graph.dimensions.shared(key.task_id, each))
                scopes.add(Scope(each, upper(key.path, shared)))
    whole = {scope.task_id for scope in scopes if not scope.path}
    return {scope for scope in scopes if not scope.path or scope.task_id not in whole}


def _by_scope(rows: Iterable[TaskRow], scopes: set[Scope]) -> dict[Scope, list[TaskRow]]:
    found: defaultdict[Scope, list[TaskRow]] = defaultdict(list)
    for row in rows:
        for depth in range(depth_of(row.path) + 1):
            if (scope := Scope(row.task_id, upper(row.path, depth))) in scopes:
                found[scope].append(row)
    return dict(found)


def _facts(session: Session, run: RunRow, graph: TaskGraph, rows: Mapping[Scope, list[TaskRow]]) -> _Facts:
    places = {
        place
        for scope, found in rows.items()
        for path in {scope.path, *(row.path for row in found)}
        for place in _places(graph, scope.task_id, path)
    }
    scopes = {place.scope for place in places}
    counts = count_within(session, run.id, scopes, graph.dimensions.depth, graph.loops)
    single = {_handed(place): place for place in places if not is_of_many(graph, place.scope)}
    many = {_handed(place): place for place in places if is_of_many(graph, place.scope)}
    known: dict[Place, Length] = {
        single[each]: length for each, length in lengths(session, run.id, single.keys()).items()
    }
    known |= {many[each]: number for each, number in count_instances(session, run.id, many).items()}
    return _Facts(counts, known)


def _places(graph: TaskGraph, task_id: str, path: str) -> Iterable[Place]:
    """Return what a row tells about: sources that stand at its path, or above it."""
    for dimension in graph.dimensions.of(task_id):
        for source in sources(dimension):
            if graph.dimensions.shared(source.task_id, task_id) <= depth_of(path):
                yield place_of(graph, source, task_id, path)


def _handed(place: Place) -> Handed:
    return Handed(place.scope, place.source.key)


def _growth(
    graph: TaskGraph, scope: Scope, rows: Mapping[str, TaskRow], facts: _Facts, most_items: int
) -> Growth:
    ask = partial(_ask, graph, facts, most_items)
    states = {path: row.state for path, row in rows.items()}
    depth, is_looped = graph.dimensions.depth(scope.task_id), scope.task_id in graph.loops
    return grow(scope.task_id, depth, scope.path, states, ask, is_looped=is_looped)


def _ask(graph: TaskGraph, facts: _Facts, most_items: int, key: TaskKey, place: int) -> Answer:
    return answer(graph, key, place, facts.counts, facts.lengths, most_items)


def _apply(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    scope: Scope,
    rows: Mapping[str, TaskRow],
    growth: Growth,
) -> None:
    """Write which rows there are. New ones go in by one statement."""
    opened = [rows[path].id for path in growth.opened]
    clear_tasks(session, now, opened, retries=graph.tasks[scope.task_id].retries, actor="scheduler")
    rename_rows(session, {rows[path].id: to for path, to in growth.renamed.items()})
    values = task_values(graph, run.id, scope.task_id) | {"changed": False}
    insert_tasks(session, [values | {"path": path} for path in growth.created])
    if removed := [rows[path].id for path in growth.removed]:
        settled = {"end_date": now, "reason": _SURPLUS, "changed": False}
        reasons = dict.fromkeys(removed, _SURPLUS)
        move_tasks(session, now, removed, TaskState.REMOVED, values=settled, reasons=reasons)
        delete_xcoms(session, run.id, [(scope.task_id, path) for path in growth.removed])


def _end(
    session: Session, now: datetime, run: RunRow, graph: TaskGraph, scope: Scope, growth: Growth
) -> dict[TaskKey, TaskState]:
    """End what can have no instances; return what ended, and how."""
    if not growth.ended:
        return {}
    moves = [Move(scope.task_id, path, how.state, how.reason) for path, how in growth.ended.items()]
    rows = rows_within(session, run.id, [scope], graph.dimensions.depth)
    write_moves(session, now, rows, moves)
    for row in rows:
        if (how := growth.ended.get(row.path)) and how.state is TaskState.FAILED:
            queue_failure_callback(session, now, graph, row, how.reason)
    return {TaskKey(move.task_id, move.path): move.to for move in moves}
