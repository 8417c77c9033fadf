"""What happened since a moment, as an open page asks: in which runs of which DAGs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from scheduler.core.scopes import Sight
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.sight import seen
from scheduler.store.tables import asset_event, dag, dag_run, event

E, R = event.c, dag_run.c


class Change(NamedTuple):
    """An event, as far as it says which pages show it; names are empty where it is of no DAG, or of no run."""

    id: int
    dag_id: str
    run_id: str


class Newest(NamedTuple):
    """The numbers of the last rows of two streams."""

    event: int
    asset_event: int


def newest(session: Session) -> Newest:
    """Return how far both streams go."""
    last = (sa.select(sa.func.max(each.c.id)).scalar_subquery() for each in (event, asset_event))
    row = session.execute(sa.select(*last)).one()
    return Newest(row[0] or 0, row[1] or 0)


def list_changes(session: Session, after: int, gaps: Collection[int], limit: int) -> Sequence[Change]:
    """Return the events after a number, at most `limit`, and those of the gaps that are there by now."""
    late = _read(session, one_of(E.id, "gaps"), limit, sorted(gaps)) if gaps else []
    return [*late, *_read(session, E.id > after, limit, [])]


def in_sight(session: Session, changes: Sequence[Change], sight: Sight) -> Sequence[Change]:
    """Return those of a DAG that is in sight; who does not see everything is told of nothing that is of no DAG."""
    if not sight:
        return changes
    shown = seen(dag, "dag", sight)
    query = sa.select(shown.c.dag_id).where(one_of(shown.c.dag_id, "named"))
    named = sorted({change.dag_id for change in changes if change.dag_id})
    visible = set(session.scalars(query, {"named": named}))
    return [change for change in changes if change.dag_id in visible]


def _read(session: Session, where: sa.ColumnElement[bool], limit: int, gaps: list[int]) -> list[Change]:
    names = [sa.func.coalesce(R.dag_id, E.dag_id), sa.func.coalesce(R.run_id, "")]
    query = sa.select(E.id, *names).outerjoin(dag_run, R.id == E.run_pk).where(where)
    rows = session.execute(query.order_by(E.id).limit(limit), {"gaps": gaps} if gaps else {})
    return [Change(*row) for row in rows]
