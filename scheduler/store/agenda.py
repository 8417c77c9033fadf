"""What there is to do: when time next asks for something, and whether a change is yet to be followed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import AttemptState, RunState, TaskState
from scheduler.store.backfills import IS_DUE
from scheduler.store.engine import Session
from scheduler.store.lists import is_in, is_raised
from scheduler.store.tables import asset_queue, attempt, backfill, dag, dag_run, task_instance

D = dag.c


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A DAG file in a snapshot."""

    snapshot_id: int
    file: str


def sources_in_demand(session: Session, since: datetime, until: datetime, limit: int) -> list[SourceRef]:
    """Return files whose code is likely to be asked for: DAGs read in after `since`, or due before `until`.

    Paused and retired DAGs are left out; what is due comes first.
    """
    wanted = sa.or_(D.last_parsed_at > since, D.next_run_at < until)
    query = (
        sa.select(D.snapshot_id, D.file)
        .where(D.retired_at.is_(None), ~D.is_paused, wanted)
        .order_by(D.next_run_at.is_(None), D.next_run_at, D.dag_id)
        .limit(limit)
    )
    return list(dict.fromkeys(SourceRef(*row) for row in session.execute(query)))


def _soonest(column: sa.Column[datetime], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.min(column)).where(column.is_not(None), *where).scalar_subquery()


def _is_any(table: sa.Table, where: sa.ColumnElement[bool] | sa.TextClause) -> sa.ColumnElement[bool]:
    return sa.exists(sa.select(sa.literal(1)).select_from(table).where(where))


# Each is the first entry of a partial index.
_AGENDA = sa.select(
    sa.or_(
        _is_any(
            dag_run, sa.and_(is_raised(dag_run.c.needs_planning), is_in(dag_run.c.state, [RunState.RUNNING]))
        ),
        _is_any(dag_run, is_in(dag_run.c.state, [RunState.QUEUED])),
    ),
    _is_any(task_instance, is_in(task_instance.c.state, [TaskState.SCHEDULED])),
    _is_any(asset_queue, is_raised(asset_queue.c.is_new)),
    _is_any(backfill, IS_DUE),
    _soonest(dag_run.c.wake_at),
    _soonest(dag_run.c.timeout_at),
    _soonest(dag.c.next_run_at, dag.c.retired_at.is_(None), ~dag.c.is_paused),
    _soonest(attempt.c.queue_deadline, attempt.c.state == AttemptState.QUEUED),
    _soonest(attempt.c.lease_until, attempt.c.state == AttemptState.RUNNING),
    _soonest(dag_run.c.deadline_at),
)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a leader has to do. `next_at`: the earliest retry, time-out, run, overdue ticket or end of a lease."""

    next_at: datetime | None = None
    #: A run waits to be started or planned, or a task to be queued. It may still be held back.
    has_work: bool = False
    #: Assets have changed, and nobody has asked whether a DAG is to run for it.
    has_events: bool = False
    #: A backfill has room for more runs, or has seen its last one end.
    has_backfills: bool = False
    #: The first deadline of a run that is yet to be judged.
    deadline_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether time asks for something."""
        return self.next_at is not None and self.next_at <= now

    def has_deadline(self, now: datetime) -> bool:
        """Tell whether a deadline has come."""
        return self.deadline_at is not None and self.deadline_at <= now


def read_agenda(session: Session) -> Agenda:
    """Read it, in one statement whose cost depends on neither the number of DAGs nor the length of history."""
    has_runs, has_tasks, has_events, has_backfills, *instants = session.execute(_AGENDA).one()
    next_at = min((each for each in instants if each is not None), default=None)
    return Agenda(
        next_at,
        has_work=any((has_runs, has_tasks, has_events, has_backfills)),
        has_events=bool(has_events),
        has_backfills=bool(has_backfills),
        deadline_at=instants[-1],
    )
