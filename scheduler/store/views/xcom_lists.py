"""Values that tasks handed on, as programs list them: of one task instance or of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run, xcom
from scheduler.store.views.run_lists import RUN_COLUMNS

X = xcom.c
R = dag_run.c


@dataclass(frozen=True, slots=True)
class XComEntry:
    """A value without itself: it may be large."""

    key: str
    task_id: str
    path: str
    updated_at: datetime
    dag_id: str
    run_id: str
    logical_date: datetime | None
    run_after: datetime
    version_id: int
    display_name: str


_NAME: Final = sa.func.coalesce(sa.func.nullif(dag.c.display_name, ""), R.dag_id)
_ENTRY: Final = (
    *(X.key, X.task_id, X.path, X.updated_at),
    *(R.dag_id, R.run_id, R.logical_date, R.run_after, R.version_id, _NAME),
)
_COLUMNS: Final[Columns] = {
    **{name: RUN_COLUMNS[name] for name in ("dag_id", "run_id", "logical_date", "run_after")},
    "dag_display_name": _NAME,
    "key": X.key,
    "xcom_key": X.key,
    "task_id": X.task_id,
    "map_index": X.path,
    "timestamp": X.updated_at,
}
_DEFAULT: Final = ("dag_id", "task_id", "run_id", "map_index")


def list_entries(
    session: Session, choice: Choice, *, limit: int, offset: int = 0
) -> tuple[list[XComEntry], int]:
    """Return one page of the values that are chosen, and how many there are."""
    order = choice if choice.order else Choice(order=_DEFAULT)
    found = _narrowed(sa.select(*_ENTRY), choice).order_by(*in_order(_COLUMNS, order, X.key))
    total = session.scalar(_narrowed(sa.select(sa.func.count()), choice)) or 0
    return [XComEntry(*row) for row in session.execute(found.limit(limit).offset(offset))], total


def _narrowed(statement: sa.Select[Any], choice: Choice) -> sa.Select[Any]:
    of = xcom.join(dag_run, R.id == X.run_pk).outerjoin(dag, dag.c.dag_id == R.dag_id)
    return statement.select_from(of).where(*conditions(_COLUMNS, choice))


def load_text(session: Session, run_pk: int, task_id: str, key: str, *, path: str = "") -> str | None:
    """Return a value as JSON text, or None where nothing was stored. Where a secret is in it, its masked beginning."""
    found = sa.select(sa.func.coalesce(X.shown, X.value)).where(X.run_pk == run_pk, X.task_id == task_id)
    text: str | None = session.scalar(found.where(X.path == path, X.key == key))
    return text
