"""Which tasks were slow and which failed in a span of time; read from the sums, with links as long as history goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.spans import Span
from scheduler.store.engine import Session
from scheduler.store.tables import attempt, dag_run, task_instance, task_tally
from scheduler.store.views.ownership import Narrowing

T = task_tally.c
_IS_FAILED: Final = sa.text("task_tally.failed > 0")


@dataclass(frozen=True, slots=True)
class Where:
    """A task instance of a run, and why it stands as it does."""

    run_id: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SlowTask:
    """A task by its longest attempt; `where`: None once history no longer has it."""

    dag_id: str
    task_id: str
    longest_ms: int
    mean_ms: int
    ended: int
    where: Where | None


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task by how often its attempts failed; `where`: the newest that did."""

    dag_id: str
    task_id: str
    failed: int
    ended: int
    where: Where | None


def _within(span: Span, narrowing: Narrowing) -> list[sa.ColumnElement[bool]]:
    times = [T.width_s == span.width_s, T.start_at >= span.start_at, T.start_at < span.end_at]
    return [*times, *narrowing.holds(T.dag_id)]


def list_slowest(session: Session, span: Span, narrowing: Narrowing, limit: int) -> list[SlowTask]:
    """Return the tasks with the longest attempts; three statements.

    A task has a row a step at most, so that the first `limit * span.count` rows by length hold that many tasks.
    """
    longest = (
        sa.select(T.dag_id, T.task_id, T.longest_ms, T.longest_id)
        .where(*_within(span, narrowing))
        .order_by(T.longest_ms.desc())
        .limit(limit * span.count)
    )
    best: dict[tuple[str, str], tuple[int, int]] = {}
    for row in session.execute(longest):
        best.setdefault((row.dag_id, row.task_id), (row.longest_ms, row.longest_id))
    chosen = dict(list(best.items())[:limit])
    sums = _sums(session, span, chosen)
    places = _places(session, [attempt_id for _, attempt_id in chosen.values()])
    return [
        SlowTask(*key, ms, sums[key][1] // max(1, sums[key][0]), sums[key][0], places.get(attempt_id))
        for key, (ms, attempt_id) in chosen.items()
    ]


def list_failing(session: Session, span: Span, narrowing: Narrowing, limit: int) -> list[FailedTask]:
    """Return the tasks whose attempts failed most often; three statements."""
    failed = sa.func.sum(T.failed)
    query = (
        sa.select(T.dag_id, T.task_id, failed, sa.func.max(T.failed_id))
        .where(_IS_FAILED, *_within(span, narrowing))
        .group_by(T.dag_id, T.task_id)
        .order_by(failed.desc(), T.dag_id, T.task_id)
        .limit(limit)
    )
    rows = session.execute(query).all()
    sums = _sums(session, span, [(row[0], row[1]) for row in rows])
    places = _places(session, [row[3] for row in rows])
    return [
        FailedTask(row[0], row[1], int(row[2]), sums[row[0], row[1]][0], places.get(row[3])) for row in rows
    ]


def _sums(
    session: Session, span: Span, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many attempts of these tasks ended, and how long all of them ran."""
    dag_ids, task_ids = {dag_id for dag_id, _ in keys}, {task_id for _, task_id in keys}
    # Lists, not pairs: these the key of the table serves on both databases. Other pairs of them are few.
    named = sa.and_(T.dag_id.in_(sorted(dag_ids)), T.task_id.in_(sorted(task_ids)))
    query = sa.select(T.dag_id, T.task_id, sa.func.sum(T.ended), sa.func.sum(T.run_ms))
    query = query.where(*_within(span, Narrowing()), named).group_by(T.dag_id, T.task_id)
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in session.execute(query)}


def _places(session: Session, attempt_ids: Iterable[int]) -> dict[int, Where]:
    query: sa.Select[Any] = (
        sa.select(attempt.c.id, dag_run.c.run_id, task_instance.c.path, attempt.c.reason)
        .join(dag_run, dag_run.c.id == attempt.c.run_pk)
        .join(task_instance, task_instance.c.id == attempt.c.ti_id)
        .where(attempt.c.id.in_(sorted(set(attempt_ids))))
    )
    return {row[0]: Where(*row[1:]) for row in session.execute(query)}
