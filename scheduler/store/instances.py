"""Instances of mapped tasks: read by where they stand, counted, and made more or fewer under the lock of their run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

import sqlalchemy as sa

from scheduler.core.dimensions import depth_of, upper
from scheduler.core.ids import TaskKey
from scheduler.core.loops import standing_in
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

    Where none stands in a scope, the stem above it counts: it may have ended before it had instances. Of `loops`, the
    tasks that are looped, only the newest iterations count.
    """
    whole = {scope for scope in scopes if not scope.path and scope.task_id not in loops}
    counts = _count_whole(session, run_pk, whole) if whole else {}
    if parts := set(scopes) - whole:
        counts |= _count_parts(session, run_pk, parts, depth, loops)
    return counts


def _count_whole(session: Session, run_pk: int, scopes: Collection[Scope]) -> dict[Scope, Counter[TaskState]]:
    counts: defaultdict[Scope, Counter[TaskState]] = defaultdict(Counter)
    query = sa.select(T.task_id, T.state, sa.func.count()).where(
        T.run_pk == run_pk, one_of(T.task_id, "names")
    )
    names = {"names": sorted(scope.task_id for scope in scopes)}
    for task_id, state, number in session.execute(query.group_by(T.task_id, T.state), names):
        counts[Scope(task_id, "")][TaskState(state)] = number
    return counts


def _count_parts(
    session: Session, run_pk: int, scopes: set[Scope], depth: Depth, loops: Collection[str]
) -> dict[Scope, Counter[TaskState]]:
    condition, binds = _within(scopes, depth)
    above = {upper(scope.path, places) for scope in scopes for places in range(depth_of(scope.path))}
    binds["exact"] = sorted({scope.task_id for scope in scopes})
    binds["paths"] = sorted({*binds["paths"], *above})
    query = sa.select(T.task_id, T.path, T.state).where(T.run_pk == run_pk, condition)
    found: defaultdict[Scope, dict[str, TaskState]] = defaultdict(dict)
    stems: dict[Scope, TaskState] = {}
    for task_id, path, state in session.execute(query, binds):
        stems[Scope(task_id, path)] = TaskState(state)
        for places in range(depth_of(path) + 1):
            if (scope := Scope(task_id, upper(path, places))) in scopes:
                found[scope][path] = TaskState(state)
    return {
        scope: Counter(standing_in(scope, found[scope], stems, depth(scope.task_id), loops).values())
        for scope in scopes
    }


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
