"""Instances of mapped tasks: read by where they stand, counted, and made more or fewer under the lock of their run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

import sqlalchemy as sa

from scheduler.core.dimensions import depth_of, is_within, upper
from scheduler.core.ids import TaskKey
from scheduler.core.loops import newest
from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.lists import is_in, one_of
from scheduler.store.tables import UNFINISHED_TASKS, task_instance
from scheduler.store.tasks import ROW, TaskRow, rows_of

T = task_instance.c

#: A path and all below it; of a whole task where the path is empty.
Scope = TaskKey
#: How many indices the path of each instance of a task has.
Depth = Callable[[str], int]
#: Beyond so many, paths with others below them are not looked for one by one.
_MANY = 32


def rows_within(session: Session, run_pk: int, scopes: Collection[Scope], depth: Depth) -> list[TaskRow]:
    """Return the rows of a run that stand in one of these scopes."""
    return _rows(session, run_pk, scopes, depth, sa.true())


def waiting_within(session: Session, run_pk: int, scopes: Collection[Scope], depth: Depth) -> list[TaskRow]:
    """Return those that have not begun."""
    begins = sa.and_(is_in(T.state, UNFINISHED_TASKS), T.state == TaskState.NONE)
    return _rows(session, run_pk, scopes, depth, begins)


def _rows(
    session: Session, run_pk: int, scopes: Collection[Scope], depth: Depth, which: sa.ColumnElement[bool]
) -> list[TaskRow]:
    if not scopes:
        return []
    condition, binds = _within(scopes, depth)
    found = session.execute(sa.select(*ROW).where(T.run_pk == run_pk, condition, which).order_by(T.id), binds)
    by_task = _by_task(scopes)
    return [row for row in rows_of(found) if _is_in(row.path, by_task[row.task_id])]


def count_within(
    session: Session, run_pk: int, scopes: Collection[Scope], depth: Depth, loops: Collection[str] = ()
) -> dict[Scope, Counter[TaskState]]:
    """Count the rows of each scope by state: of whole tasks in the database, one row a state.

    Of `loops`, the tasks that are looped, only the newest iterations count.
    """
    looped = {scope for scope in scopes if scope.task_id in loops}
    counts = _count(session, run_pk, set(scopes) - looped, depth)
    return counts | _count_loops(session, run_pk, looped, depth) if looped else counts


def _count_loops(
    session: Session, run_pk: int, scopes: Collection[Scope], depth: Depth
) -> dict[Scope, Counter[TaskState]]:
    rows = rows_within(session, run_pk, scopes, depth)
    counts: dict[Scope, Counter[TaskState]] = {}
    for scope in scopes:
        there = {
            row.path: row.state
            for row in rows
            if row.task_id == scope.task_id
            and is_within(row.path, scope.path)
            and row.state is not TaskState.REMOVED
        }
        counts[scope] = Counter(there[path] for path in newest(there, depth(scope.task_id)))
    return counts


def _count(
    session: Session, run_pk: int, scopes: Collection[Scope], depth: Depth
) -> dict[Scope, Counter[TaskState]]:
    counts: defaultdict[Scope, Counter[TaskState]] = defaultdict(Counter)
    whole = sorted({scope.task_id for scope in scopes if not scope.path})
    if whole:
        query = sa.select(T.task_id, T.state, sa.func.count()).where(
            T.run_pk == run_pk, one_of(T.task_id, "names")
        )
        for task_id, state, number in session.execute(query.group_by(T.task_id, T.state), {"names": whole}):
            counts[Scope(task_id, "")][TaskState(state)] = number
    parts = {scope for scope in scopes if scope.path}
    if parts:
        condition, binds = _within(parts, depth)
        query = sa.select(T.task_id, T.path, T.state).where(T.run_pk == run_pk, condition)
        for task_id, path, state in session.execute(query, binds):
            for places in range(1, depth_of(path) + 1):
                if (scope := Scope(task_id, upper(path, places))) in parts:
                    counts[scope][TaskState(state)] += 1
    return dict(counts)


def unfinished_among(session: Session, run_pk: int, task_ids: Collection[str]) -> set[str]:
    """Return some of these tasks that have an unfinished instance, not necessarily all that do."""
    query = (
        sa.select(T.task_id)
        .where(T.run_pk == run_pk, is_in(T.state, UNFINISHED_TASKS), one_of(T.task_id, "names"))
        .limit(_MANY)
    )
    return set(session.execute(query, {"names": sorted(task_ids)}).scalars())


def rename_rows(session: Session, paths: Mapping[int, str]) -> None:
    """Give rows another path: a stem becomes the first of its instances."""
    if paths:
        statement = (
            sa.update(task_instance).where(T.id == sa.bindparam("b_id")).values(path=sa.bindparam("b_path"))
        )
        session.execute(statement, [{"b_id": key, "b_path": path} for key, path in paths.items()])


def _by_task(scopes: Iterable[Scope]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for task_id, path in scopes:
        found[task_id].add(path)
    return found


def _is_in(path: str, prefixes: Collection[str]) -> bool:
    return any(upper(path, places) in prefixes for places in range(depth_of(path) + 1))


def _within(scopes: Collection[Scope], depth: Depth) -> tuple[sa.ColumnElement[bool], dict[str, list[str]]]:
    """Tell what may be in a scope: more than is where a statement cannot name each. Its lists go beside it."""
    exact = {scope for scope in scopes if scope.path and depth_of(scope.path) >= depth(scope.task_id)}
    above = sorted({scope for scope in scopes if scope.path} - exact)
    whole = {scope.task_id for scope in scopes if not scope.path}
    here = [sa.and_(one_of(T.task_id, "exact"), one_of(T.path, "paths"))]
    if len(above) > _MANY:
        whole |= {scope.task_id for scope in above}
    else:
        here += [_at_or_below(scope) for scope in above]
    if whole:
        here.append(one_of(T.task_id, "whole"))
    binds = {"whole": whole, "exact": {key.task_id for key in exact}, "paths": {key.path for key in exact}}
    return sa.or_(*here), {name: sorted(each) for name, each in binds.items()}


def _at_or_below(scope: Scope) -> sa.ColumnElement[bool]:
    below = T.path.startswith(f"{scope.path}.", autoescape=True)
    return sa.and_(T.task_id == scope.task_id, sa.or_(T.path == scope.path, below))
