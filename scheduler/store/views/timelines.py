"""When the attempts of a run waited and ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from scheduler.store.engine import Session
from scheduler.store.tables import attempt, task_instance


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt of a task, or those of all instances of a mapped one together."""

    task_id: str
    instances: int
    state: str
    scheduled_at: datetime | None  #: dependencies met
    queued_at: datetime  #: there was room
    start_date: datetime | None  #: user code began
    end_date: datetime | None

    @property
    def room_s(self) -> float:
        """How long it waited for room: limits, pools."""
        return _seconds(self.scheduled_at, self.queued_at)

    @property
    def pick_up_s(self) -> float:
        """How long it was in the queue before its code began."""
        return _seconds(self.queued_at, self.start_date)

    @property
    def ran_s(self) -> float:
        """How long its code ran, where that has ended."""
        return _seconds(self.start_date, self.end_date)


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return max(0.0, (end - start).total_seconds()) if start and end else 0.0


def list_bars(session: Session, run_pk: int) -> list[Bar]:
    """Return the attempts of a run in the order in which they were made."""
    each = case((task_instance.c.path == "", attempt.c.id), else_=0)
    a = attempt.c
    is_live = func.max(case((a.end_date.is_(None), 1), else_=0))
    is_bad = func.max(case((a.state.in_(("failed", "lost")), 1), else_=0))
    statement = (
        select(
            *(task_instance.c.task_id, func.count(task_instance.c.id.distinct())),
            *(is_live, is_bad, func.min(a.state)),
            *(func.min(a.scheduled_at), func.min(a.queued_at), func.min(a.start_date), func.max(a.end_date)),
        )
        .join(task_instance, task_instance.c.id == a.ti_id)
        .where(a.run_pk == run_pk, a.kind == "task")
        .group_by(task_instance.c.task_id, each)
        .order_by(func.min(a.id))
    )
    return [_bar(*row) for row in session.execute(statement)]


def _bar(task_id: str, instances: int, is_live: int, is_bad: int, state: str, *times: datetime | None) -> Bar:
    scheduled_at, queued_at, start_date, end_date = times
    assert queued_at is not None
    if instances > 1:
        state = "running" if is_live else "failed" if is_bad else state
    end = None if is_live else end_date
    return Bar(task_id, int(instances), state, scheduled_at, queued_at, start_date, end)
