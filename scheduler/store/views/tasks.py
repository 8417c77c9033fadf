"""One task instance: its attempts, what it returned, and the log of an attempt's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, select

from scheduler.core.dimensions import in_order
from scheduler.store.absent import no_task
from scheduler.store.engine import Session
from scheduler.store.tables import attempt, task_instance, xcom
from scheduler.store.views.grid import LOUDEST
from scheduler.store.views.runs import Task
from scheduler.wire import XCOM_SHOWN_CHARACTERS, Data


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a task instance."""

    id: int
    kind: str
    try_number: int
    state: str
    queued_at: datetime
    claimed_at: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    worker_id: str | None
    hostname: str
    exit_code: int | None
    signal: int | None
    cpu_s: float | None
    peak_memory_bytes: int | None
    reason: str
    error: Data | None
    rendered: Data | None


@dataclass(frozen=True, slots=True)
class XCom:
    """One value that a task handed on: the beginning of its JSON text, and how long all of it is."""

    key: str
    text: str
    length: int
    updated_at: datetime


#: A value may be 48 MB; a page shows its beginning.
SHOWN_CHARACTERS: Final = XCOM_SHOWN_CHARACTERS
#: The beginning of a value as people see it, and how many characters they would see of all of it.
SHOWN_VALUE: Final = func.coalesce(xcom.c.shown, func.substr(xcom.c.value, 1, SHOWN_CHARACTERS))
SHOWN_LENGTH: Final = case(
    (func.length(xcom.c.value) > SHOWN_CHARACTERS, func.length(xcom.c.value)),
    else_=func.length(func.coalesce(xcom.c.shown, xcom.c.value)),
)
_TASK = tuple(task_instance.c[name] for name in Task.__slots__)
_ATTEMPT = tuple(attempt.c[name] for name in Attempt.__slots__)


def find_task(session: Session, run_pk: int, task_id: str, path: str = "") -> Task:
    """Return one task instance of a run.

    Raises NotFound.
    """
    ti = task_instance.c
    row = session.execute(
        select(*_TASK).where(ti.run_pk == run_pk, ti.task_id == task_id, ti.path == path)
    ).one_or_none()
    if row is None:
        raise no_task(session, run_pk, task_id, path)
    return Task(*row)


def find_shown(session: Session, run_pk: int, task_id: str, path: str = "") -> Task:
    """Return one task instance; where a mapped task is meant as a whole, its loudest instance.

    Raises NotFound.
    """
    if path:
        return find_task(session, run_pk, task_id, path)
    ti = task_instance.c
    rows = session.execute(select(ti.path, ti.state).where(ti.run_pk == run_pk, ti.task_id == task_id)).all()
    found = min(
        rows, key=lambda row: (bool(row.path), LOUDEST.index(row.state), in_order(row.path)), default=None
    )
    return find_task(session, run_pk, task_id, found.path if found else "")


def list_attempts(session: Session, task_pk: int) -> list[Attempt]:
    """Return the attempts of a task instance, oldest first; callbacks are among them."""
    statement = select(*_ATTEMPT).where(attempt.c.ti_id == task_pk).order_by(attempt.c.id)
    return [Attempt(*row) for row in session.execute(statement)]


def list_xcoms(session: Session, run_pk: int, task_id: str, path: str = "") -> list[XCom]:
    """Return the values that a task instance handed on, by key."""
    found = session.execute(
        select(
            xcom.c.key,
            SHOWN_VALUE,
            SHOWN_LENGTH,
            xcom.c.updated_at,
        )
        .where(xcom.c.run_pk == run_pk, xcom.c.task_id == task_id, xcom.c.path == path)
        .order_by(xcom.c.key)
    )
    return [XCom(*row) for row in found]
