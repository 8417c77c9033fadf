"""What DAGs took, by DAG, owner, team or day; read from the sums, not from history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Final, Literal

import sqlalchemy as sa

from scheduler.core.cost import Amount, amount_of
from scheduler.core.spans import Span
from scheduler.store.engine import Session
from scheduler.store.tables import attempt, tally
from scheduler.store.tallies import ALL, COUNTED
from scheduler.store.views.ownership import Narrowing, Owned, list_owned

By = Literal["dag", "owner", "team", "day"]
BYS: Final[tuple[By, ...]] = ("dag", "owner", "team", "day")

T = tally.c
_ATTEMPTS: Final = COUNTED[:7]
_SUMS: Final = (
    *(sa.func.sum(T[name]) for name in ("run_ms", "cpu_us", "memory_mb_ms")),
    sa.func.sum(reduce(add, (T[name] for name in _ATTEMPTS))),
    sa.func.sum(T.unmeasured),
    sa.func.max(T.peak_memory_bytes),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the attempts of something took."""

    name: str | None  #: a DAG, owner, team or day; empty: those without; None: DAGs that were deleted since
    amount: Amount = field(default_factory=Amount)
    attempts: int = 0
    unmeasured: int = 0  #: of them: those of which nobody knows what they took, as their worker died
    peak_memory_bytes: int = 0

    def __add__(self, other: Spent) -> Spent:
        """Return what both took, under the first name."""
        return Spent(
            self.name,
            self.amount + other.amount,
            self.attempts + other.attempts,
            self.unmeasured + other.unmeasured,
            max(self.peak_memory_bytes, other.peak_memory_bytes),
        )


def list_spent(session: Session, by: By, span: Span, narrowing: Narrowing) -> list[Spent]:
    """Return what was spent in a span, the most processor time first; days in their order. At most four statements."""
    if by == "day":
        return _by_day(session, span, narrowing)
    dags = _by_dag(session, span, narrowing)
    rows = dags if by == "dag" else _merged(dags, _namer(by, list_owned(session)))
    if narrowing.is_all:
        rows += _deleted(session, span, dags)
    return sorted(rows, key=lambda row: (-row.amount.cpu_us, row.name or ""))


def total_of(rows: Iterable[Spent]) -> Spent:
    """Return all of it."""
    return sum(rows, Spent("total"))


def _within(span: Span) -> list[sa.ColumnElement[bool]]:
    return [T.width_s == span.width_s, T.start_at >= span.start_at, T.start_at < span.end_at]


def _spent(name: str, row: Iterable[int | None]) -> Spent:
    run_ms, cpu_us, memory, attempts, unmeasured, peak = (int(value or 0) for value in row)
    return Spent(name, Amount(run_ms, cpu_us, memory), attempts, unmeasured, peak)


def _by_dag(session: Session, span: Span, narrowing: Narrowing) -> list[Spent]:
    query = sa.select(T.dag_id, *_SUMS).where(*_within(span), T.dag_id != ALL, *narrowing.holds(T.dag_id))
    return [_spent(row[0], row[1:]) for row in session.execute(query.group_by(T.dag_id))]


def _by_day(session: Session, span: Span, narrowing: Narrowing) -> list[Spent]:
    whose = [T.dag_id == ALL] if narrowing.is_all else [T.dag_id != ALL, *narrowing.holds(T.dag_id)]
    query = sa.select(T.start_at, *_SUMS).where(*_within(span), *whose).group_by(T.start_at)
    days: dict[str, Spent] = {}
    for row in session.execute(query.order_by(T.start_at)):
        day = row[0].date().isoformat()
        days[day] = days.get(day, Spent(day)) + _spent(day, row[1:])
    return list(days.values())


def _namer(by: Literal["owner", "team"], owned: Mapping[str, Owned]) -> Callable[[str], str]:
    return lambda dag_id: getattr(owned.get(dag_id, Owned()), by)


def _merged(rows: Iterable[Spent], name_of: Callable[[str], str]) -> list[Spent]:
    found: dict[str, Spent] = {}
    for row in rows:
        name = name_of(row.name or "")
        found[name] = found.get(name, Spent(name)) + row
    return list(found.values())


def _deleted(session: Session, span: Span, dags: Iterable[Spent]) -> list[Spent]:
    """Return what is in the sums of all, and of no DAG any more."""
    row = session.execute(sa.select(*_SUMS).where(*_within(span), T.dag_id == ALL)).one()
    all_, known = _spent("", row), total_of(dags)
    if all_.attempts == known.attempts:
        return []
    rest = Amount(
        all_.amount.run_ms - known.amount.run_ms,
        all_.amount.cpu_us - known.amount.cpu_us,
        all_.amount.memory_mb_ms - known.amount.memory_mb_ms,
    )
    return [Spent(None, rest, all_.attempts - known.attempts, all_.unmeasured - known.unmeasured)]


def spent_by_run(session: Session, run_pk: int) -> Spent:
    """Return what the attempts of a run took so far: those that ended, callbacks and reruns among them."""
    A = attempt.c
    query = sa.select(A.start_date, A.end_date, A.cpu_s, A.peak_memory_bytes, A.claimed_at).where(
        A.run_pk == run_pk, A.end_date.is_not(None)
    )
    return total_of(
        Spent("", amount_of(*row[:4]), 1, int(row[4] is not None and not row[3]), row[3] or 0)
        for row in session.execute(query)
    )
