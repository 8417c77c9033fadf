"""How things went in a span of time, step by step, and how long DAGs took to recover; read from the sums.

The definitions are those of `docs/dashboard.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from statistics import median
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.spans import Span
from scheduler.store.engine import Session
from scheduler.store.tables import delay_tally, outage, tally
from scheduler.store.tallies import ALL
from scheduler.store.views.ownership import Narrowing

T = tally.c
D = delay_tally.c
_OUTAGE: Final = outage.c
#: Outages from which the time to recover is read: the newest ones.
MOST_OUTAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Ends:
    """How many attempts of tasks, and how many runs, ended how."""

    success: int = 0
    failed: int = 0
    lost: int = 0
    skipped: int = 0
    runs_success: int = 0
    runs_failed: int = 0
    run_ms: int = 0
    cpu_us: int = 0

    def __add__(self, other: Ends) -> Ends:
        """Return both together."""
        return Ends(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Ends)))

    @property
    def bad(self) -> int:
        """Attempts that failed or were lost."""
        return self.failed + self.lost

    @property
    def ended(self) -> int:
        """Attempts that did what they were for, or failed at it: not those skipped, cancelled, or put off."""
        return self.success + self.bad

    @property
    def runs(self) -> int:
        """Runs that ended."""
        return self.runs_success + self.runs_failed

    @property
    def error_rate(self) -> float | None:
        """The share of attempts that failed or were lost; None where none ended."""
        return self.bad / self.ended if self.ended else None


_ENDS: Final = tuple(sa.func.sum(T[each.name]) for each in fields(Ends))


def _of(row: Iterable[Any]) -> Ends:
    return Ends(*(int(value or 0) for value in row))


def _whose(narrowing: Narrowing, column: sa.Column[str]) -> list[sa.ColumnElement[bool]]:
    """Read the sums of all where nothing is left out: then the cost does not depend on the number of DAGs."""
    return [column == ALL] if narrowing.is_all else [column != ALL, *narrowing.holds(column)]


def _within(table: sa.Table, span: Span) -> list[sa.ColumnElement[bool]]:
    start_at = table.c.start_at
    return [table.c.width_s == span.width_s, start_at >= span.start_at, start_at < span.end_at]


def list_ends(session: Session, span: Span, narrowing: Narrowing) -> dict[datetime, Ends]:
    """Return what ended in each step of a span in which anything did."""
    query = sa.select(T.start_at, *_ENDS).where(*_within(tally, span), *_whose(narrowing, T.dag_id))
    return {row[0]: _of(row[1:]) for row in session.execute(query.group_by(T.start_at))}


def sum_ends(session: Session, span: Span, narrowing: Narrowing) -> Ends:
    """Return what ended in all of a span."""
    query = sa.select(*_ENDS).where(*_within(tally, span), *_whose(narrowing, T.dag_id))
    return _of(session.execute(query).one())


def ends_by_dag(session: Session, span: Span, narrowing: Narrowing, limit: int) -> list[tuple[str, Ends]]:
    """Return the DAGs in which most failed, at most `limit`, with what ended in each."""
    bad_runs, bad = sa.func.sum(T.runs_failed), sa.func.sum(T.failed + T.lost)
    query = (
        sa.select(T.dag_id, *_ENDS)
        .where(*_within(tally, span), T.dag_id != ALL, *narrowing.holds(T.dag_id))
        .group_by(T.dag_id)
        .having(bad_runs + bad > 0)
        .order_by(bad_runs.desc(), bad.desc(), T.dag_id)
        .limit(limit)
    )
    return [(row[0], _of(row[1:])) for row in session.execute(query)]


Buckets = Counter[int]


def list_delays(session: Session, span: Span, narrowing: Narrowing) -> Mapping[tuple[str, datetime], Buckets]:
    """Return how many attempts waited how long: by kind (scheduling, pick_up) and step.

    Of some DAGs there are days only.
    """
    query = (
        sa.select(D.kind, D.start_at, D.bucket, sa.func.sum(D["count"]))
        .where(*_within(delay_tally, span), *_whose(narrowing, D.dag_id))
        .group_by(D.kind, D.start_at, D.bucket)
    )
    found: dict[tuple[str, datetime], Buckets] = {}
    for kind, start_at, bucket, count in session.execute(query):
        found.setdefault((kind, start_at), Counter())[bucket] = int(count)
    return found


@dataclass(frozen=True, slots=True)
class Failing:
    """A DAG whose newest runs failed."""

    dag_id: str
    began_at: datetime
    failed_runs: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long DAGs took from their first failed run to their next good one, and which have not recovered."""

    count: int
    median_s: float | None
    longest_s: float | None
    failing: tuple[Failing, ...]
    failing_count: int


def read_recovery(session: Session, span: Span, narrowing: Narrowing, limit: int) -> Recovery:
    """Return the outages that ended in a span, and the oldest of those that go on, at most `limit`."""
    whose = narrowing.holds(_OUTAGE.dag_id)
    ended = (
        sa.select(_OUTAGE.began_at, _OUTAGE.ended_at)
        .where(_OUTAGE.ended_at >= span.start_at, _OUTAGE.ended_at < span.end_at, *whose)
        .order_by(_OUTAGE.ended_at.desc())
        .limit(MOST_OUTAGES)
    )
    took = [(row.ended_at - row.began_at).total_seconds() for row in session.execute(ended)]
    columns = [_OUTAGE[name] for name in Failing.__slots__]
    open_ = sa.select(*columns, sa.func.count().over()).where(_OUTAGE.ended_at.is_(None), *whose)
    rows = session.execute(open_.order_by(_OUTAGE.began_at, _OUTAGE.dag_id).limit(limit)).all()
    return Recovery(
        count=len(took),
        median_s=median(took) if took else None,
        longest_s=max(took, default=None),
        failing=tuple(Failing(*row[:-1]) for row in rows),
        failing_count=rows[0][-1] if rows else 0,
    )
