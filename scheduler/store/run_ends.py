"""Ends of runs, counted as they come: good and failed ones, and the outages between a failure and the next success.

A run counts each time it ends: one that failed and succeeded when it was rerun is a failure and a recovery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.spans import DAY, KEPT
from scheduler.core.states import RunState
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import UNCOUNTED_RUN, dag_run, outage
from scheduler.store.tallies import ALL, Cell, add_to_tallies, cells
from scheduler.store.upsert import insert_into

R = dag_run.c
_OUTAGE: Final = outage.c
_IS_UNCOUNTED = sa.text(UNCOUNTED_RUN)
_UNCOUNTED = (
    sa.select(R.id)
    .where(_IS_UNCOUNTED)
    .order_by(R.end_date, R.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
    .cte("uncounted")
)
_COUNT = (
    sa.update(dag_run)
    .where(_IS_UNCOUNTED)
    .values(counted_end=R.end_date)
    .returning(R.end_date, R.id, R.dag_id, R.state)
)
_COUNT_SOME = _COUNT.where(R.id.in_(sa.select(_UNCOUNTED.c.id)))
_COUNT_ONE = _COUNT.where(R.id == sa.bindparam("key"))
_OPEN = (
    sa.select(_OUTAGE.dag_id, _OUTAGE.id, _OUTAGE.began_at, _OUTAGE.failed_runs)
    .where(one_of(_OUTAGE.dag_id, "dag_ids"), _OUTAGE.ended_at.is_(None))
    .order_by(_OUTAGE.dag_id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True, order=True)
class RunEnd:
    """How and when a run ended."""

    end_date: datetime
    id: int
    dag_id: str
    state: str

    @property
    def is_good(self) -> bool:
        """Whether it succeeded."""
        return self.state == RunState.SUCCESS


def count_runs(session: Session, now: datetime, limit: int) -> int:
    """Add runs that ended, and are not counted yet, to the sums, oldest first; return how many. At most `limit`."""
    ends = [RunEnd(*row) for row in session.execute(_COUNT_SOME, {"room": limit})]
    _add(session, now, sorted(ends))
    return len(ends)


def count_run(session: Session, now: datetime, run_pk: int) -> None:
    """Do so for one run, which must be locked: before it ends otherwise, or is opened again."""
    _add(session, now, [RunEnd(*row) for row in session.execute(_COUNT_ONE, {"key": run_pk})])


def _add(session: Session, now: datetime, ends: list[RunEnd]) -> None:
    sums: dict[Cell, Counter[str]] = {}
    for end in ends:
        for cell in cells((ALL, end.dag_id), end.end_date, now):
            sums.setdefault(cell, Counter())["runs_success" if end.is_good else "runs_failed"] += 1
    add_to_tallies(session, sums, {})
    if ends:
        _note_outages(session, ends)


@dataclass(slots=True)
class _Outage:
    dag_id: str
    id: int | None
    began_at: datetime
    failed_runs: int = 0
    ended_at: datetime | None = None


def _note_outages(session: Session, ends: Iterable[RunEnd]) -> None:
    """Open an outage with the first failure of a DAG, close it with its next success."""
    ends = list(ends)
    found = session.execute(_OPEN, {"dag_ids": sorted({end.dag_id for end in ends})})
    open_ = {row.dag_id: _Outage(*row) for row in found}
    touched: list[_Outage] = []
    for end in ends:
        current = open_.get(end.dag_id)
        if end.is_good and current is not None and current.began_at <= end.end_date:
            current.ended_at = end.end_date
            touched.append(open_.pop(end.dag_id))
        elif not end.is_good:
            current = open_.setdefault(end.dag_id, _Outage(end.dag_id, None, end.end_date))
            current.failed_runs += 1
    _write(session, [*touched, *open_.values()])


def _write(session: Session, outages: Iterable[_Outage]) -> None:
    rows = [
        {
            "b_id": each.id,
            "dag_id": each.dag_id,
            "began_at": each.began_at,
            "ended_at": each.ended_at,
            "failed_runs": each.failed_runs,
        }
        for each in outages
    ]
    known = [row for row in rows if row["b_id"] is not None]
    if known:
        values: dict[str, Any] = {name: sa.bindparam(name) for name in ("ended_at", "failed_runs")}
        update = sa.update(outage).where(_OUTAGE.id == sa.bindparam("b_id")).values(values)
        session.execute(update, [{name: row[name] for name in ("b_id", *values)} for row in known])
    new = [{name: row[name] for name in row if name != "b_id"} for row in rows if row["b_id"] is None]
    if new:
        session.execute(insert_into(session, outage).on_conflict_do_nothing(), new)


def prune_outages(session: Session, now: datetime, limit: int) -> int:
    """Delete outages that ended longer ago than days are kept; return how many."""
    old = sa.select(_OUTAGE.id).where(_OUTAGE.ended_at < now - KEPT[DAY]).limit(limit)
    return session.execute(sa.delete(outage).where(_OUTAGE.id.in_(old))).rowcount


def forget_outages(session: Session, dag_id: str) -> None:
    """Delete the outages of a DAG."""
    session.execute(sa.delete(outage).where(_OUTAGE.dag_id == dag_id))
