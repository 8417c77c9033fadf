"""Deadlines of runs: they stand in the row of their run, with the instant at which the next one is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.clock import parse_instant
from scheduler.core.deadlines import AVERAGE, Deadline, Facts, deadlines_of, next_at
from scheduler.core.states import RunState
from scheduler.store.engine import Session
from scheduler.store.tables import attempt, dag_run
from scheduler.wire import DagSpec, Data

R = dag_run.c


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run with a deadline that is due. `succeeded_at` None: it has not succeeded."""

    id: int
    dag_id: str
    version_id: int
    succeeded_at: datetime | None
    deadlines: tuple[Deadline, ...]


def columns_for(
    session: Session, now: datetime, spec: DagSpec, logical_date: datetime | None
) -> dict[str, Any]:
    """Return what stands in the row of a new run. Where runs are averaged, that is a statement."""
    wanted = spec.deadlines or ()
    spans = {(data["min_runs"], data["max_runs"]) for data in wanted if data["reference"] == AVERAGE}
    means = {span: _mean_runtime_s(session, spec.dag_id, *span) for span in sorted(spans)}
    made = deadlines_of(wanted, Facts(logical_date, now, means))
    return {"deadlines": _stored(made), "deadline_at": next_at(made)}


def _mean_runtime_s(session: Session, dag_id: str, least: int, most: int) -> float | None:
    query = sa.select(R.start_date, R.end_date).where(
        R.dag_id == dag_id, R.state == RunState.SUCCESS, R.start_date.is_not(None), R.end_date.is_not(None)
    )
    taken = [
        (end - start).total_seconds()
        for start, end in session.execute(query.order_by(R.id.desc()).limit(most))
    ]
    return sum(taken) / len(taken) if len(taken) >= least else None


def lock_due_runs(session: Session, now: datetime, limit: int) -> list[DueRun]:
    """Return runs with a deadline that is due, the longest overdue first, locked; not those that others hold."""
    query = (
        sa.select(R.id, R.dag_id, R.version_id, R.state, R.end_date, R.deadlines)
        .where(R.deadline_at <= now)
        .order_by(R.deadline_at, R.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return [
        DueRun(run_pk, dag_id, version_id, end if state == RunState.SUCCESS else None, read_deadlines(stored))
        for run_pk, dag_id, version_id, state, end, stored in session.execute(query)
    ]


def judge_due(session: Session, now: datetime, run: DueRun) -> list[Deadline]:
    """Write whether the deadlines of a run that are due were met; return those that were missed or are to be asked."""
    judged = tuple(
        replace(each, state=each.judged(run.succeeded_at)) if each.is_due(now) else each
        for each in run.deadlines
    )
    _write(session, run.id, judged)
    before = {each.place: each.state for each in run.deadlines}
    return [each for each in judged if each.state in ("missed", "asked") and before[each.place] != each.state]


def answer_deadline(session: Session, attempt_id: int, state: str, at: datetime | None) -> None:
    """Write what the reference of a deadline said that this attempt asked, if it did: its instant where it `waits`.

    The run is locked.
    """
    asked = sa.select(R.id, R.deadlines, attempt.c.payload).join(attempt, attempt.c.run_pk == R.id)
    run_pk, stored, payload = session.execute(asked.where(attempt.c.id == attempt_id)).one()
    kind, _, place = str((payload or {}).get("callback", "")).partition(":")
    if kind != "reference":
        return
    told = (
        replace(each, state=state, at=at or each.at)
        if (str(each.place), each.state) == (place, "asked")
        else each
        for each in read_deadlines(stored)
    )
    _write(session, run_pk, tuple(told))


def _write(session: Session, run_pk: int, deadlines: tuple[Deadline, ...]) -> None:
    values = {"deadlines": _stored(deadlines), "deadline_at": next_at(deadlines)}
    session.execute(sa.update(dag_run).where(R.id == run_pk).values(values))


def _stored(deadlines: Sequence[Deadline]) -> list[Data] | None:
    return [
        {"place": each.place, "name": each.name, "at": each.at.isoformat(), "state": each.state}
        for each in deadlines
    ] or None


def read_deadlines(stored: Sequence[Data] | None) -> tuple[Deadline, ...]:
    """Read them from their column."""
    return tuple(
        Deadline(each["place"], each["name"], parse_instant(each["at"]), each["state"])
        for each in stored or ()
    )
