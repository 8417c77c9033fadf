"""Who did what: events that people and programs caused (of one run, all its events), and the record of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.choices import Choice, Columns, Range, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.tables import BY_PEOPLE, attempt, dag_run, event, task_instance

E = event.c
R = dag_run.c
T = task_instance.c


#: What the record holds, by the beginning of its kind; runs and tasks have pages of their own for what befell them.
KINDS: Final = ("request", "user", "role", "token", "variable", "connection", "pool", "dag", "secrets")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event, with the names of what it is about."""

    id: int
    at: datetime
    kind: str
    dag_id: str
    from_state: str | None
    to_state: str | None
    actor: str
    reason: str
    run_id: str | None
    logical_date: datetime | None
    task_id: str | None
    path: str | None
    try_number: int | None

    @property
    def map_index(self) -> int | None:
        """The first number of the path; -1 for a task that is not mapped."""
        return None if self.path is None else int(self.path.partition(".")[0] or -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditWanted:
    """What is left out besides: kinds, and times."""

    without: tuple[str, ...] = ()
    before: datetime | None = None
    after: datetime | None = None


_ROW: Final[tuple[Any, ...]] = (
    *(E.id, E.at, E.kind, E.dag_id, E.from_state, E.to_state, E.actor, E.reason),
    *(R.run_id, R.logical_date, T.task_id, T.path, attempt.c.try_number),
)
_FIRST_INDEX: Final = sa.case((T.path == "", "-1"), else_=T.path)
_COLUMNS: Final[Columns] = {
    **dict.fromkeys(("id", "event_log_id"), E.id),
    **dict.fromkeys(("when", "dttm"), E.at),
    **dict.fromkeys(("owner", "actor"), E.actor),
    **dict.fromkeys(("event", "kind"), E.kind),
    **dict.fromkeys(("extra", "reason"), E.reason),
    "dag_id": E.dag_id,
    "run_id": R.run_id,
    "task_id": T.task_id,
    "map_index": _FIRST_INDEX,
    "try_number": attempt.c.try_number,
    "logical_date": R.logical_date,
}
_FROM: Final = (
    event.outerjoin(dag_run, R.id == E.run_pk)
    .outerjoin(task_instance, T.id == E.ti_id)
    .outerjoin(attempt, attempt.c.id == E.attempt_id)
)


def list_audit(
    session: Session, choice: Choice, wanted: AuditWanted, *, limit: int, offset: int = 0
) -> tuple[list[AuditRow], int]:
    """Return one page of the events that are chosen, the newest first unless asked otherwise, and how many there are.

    Where one run is named by its DAG and id these are all its events, else those of people.
    """
    where: list[Any] = [*conditions(_COLUMNS, choice), *_bounds(wanted)]
    run_pk = _named_run(session, choice)
    where.append(sa.text(BY_PEOPLE) if run_pk is None else E.run_pk == run_pk)
    total = session.scalar(sa.select(sa.func.count()).select_from(_FROM).where(*where)) or 0
    return _page(session, where, choice, limit, offset), total


def list_record(
    session: Session, limit: int, *, before: int | None = None, kind: str = "", actor: str = ""
) -> list[AuditRow]:
    """Return the newest lines of the record, those before an id, of one kind and by one actor if they are named."""
    kinds = [kind] if kind in KINDS else KINDS
    choice = Choice(
        ranges={"id": Range(lt=before)},
        like={"actor": actor} if actor else {},
        starts={"kind": "|".join(f"{each}." for each in kinds)},
    )
    # By the index of what people did: what befell runs and tasks may be millions of events.
    where = [*conditions(_COLUMNS, choice), sa.text(BY_PEOPLE)]
    return _page(session, where, choice, limit, 0)


def _page(session: Session, where: Sequence[Any], choice: Choice, limit: int, offset: int) -> list[AuditRow]:
    order = in_order(_COLUMNS, choice, E.id) if choice.order else [E.id.desc()]
    page = sa.select(*_ROW).select_from(_FROM).where(*where).order_by(*order).limit(limit).offset(offset)
    return [AuditRow(*row) for row in session.execute(page)]


def find_audit(session: Session, event_id: int) -> AuditRow | None:
    """Return one event, or None."""
    row = session.execute(sa.select(*_ROW).select_from(_FROM).where(E.id == event_id)).one_or_none()
    return None if row is None else AuditRow(*row)


def _bounds(wanted: AuditWanted) -> list[sa.ColumnElement[bool]]:
    out: list[sa.ColumnElement[bool]] = [E.kind.not_in(wanted.without)] if wanted.without else []
    out += [E.at < wanted.before] if wanted.before else []
    return out + ([E.at > wanted.after] if wanted.after else [])


def _named_run(session: Session, choice: Choice) -> int | None:
    named: list[Any] = [choice.among.get(name) for name in ("dag_id", "run_id")]
    if not all(each is not None and len(each) == 1 for each in named):
        return None
    found: int | None = session.scalar(
        sa.select(R.id).where(R.dag_id == named[0][0], R.run_id == named[1][0])
    )
    return -1 if found is None else found
