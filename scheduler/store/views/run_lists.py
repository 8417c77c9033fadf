"""Runs as programs list them: of one DAG or of all, chosen and ordered by any of their columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.absent import no_run
from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.spans import seconds_between
from scheduler.store.tables import asset_event, dag, dag_run, dag_run_event, dag_version
from scheduler.store.views.runs import Run
from scheduler.wire import Data

R = dag_run.c
#: The newest of those runs are looked through whose conf holds a text.
_MOST_CONFS: Final = 10_000
_CONFS_AT_ONCE: Final = 50
_CONF: Final = sa.cast(R.conf, sa.Text)
_RUN: Final = tuple(R[name] for name in Run.__slots__ if name != "version_number")
_ENTRY: Final = (*_RUN, dag_version.c.number, dag_version.c.created_at, dag.c.display_name)
RUN_COLUMNS: Final[Columns] = {
    "id": R.id,
    "dag_id": R.dag_id,
    "run_id": R.run_id,
    "dag_run_id": R.run_id,
    "state": R.state,
    "run_type": R.run_type,
    "logical_date": R.logical_date,
    "run_after": R.run_after,
    "start_date": R.start_date,
    "end_date": R.end_date,
    "data_interval_start": R.data_interval_start,
    "data_interval_end": R.data_interval_end,
    "updated_at": sa.func.coalesce(R.end_date, R.start_date, R.queued_at),
    "duration": seconds_between(R.start_date, R.end_date),
    # It may hold secrets: by an order, too, these could be guessed.
    "conf": sa.case((_CONF == "{}", 0), else_=1),
    "dag_version": dag_version.c.number,
    "bundle_version": R.bundle_version,
    "triggering_user_name": R.triggered_by,
    "partition_key": R.partition_key,
    "partition_date": R.partition_date,
}


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run, and what its DAG is called."""

    run: Run
    version_at: datetime
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsWanted:
    """What the list is narrowed to besides; None is no condition."""

    ids: Collection[int] | None = None  #: of these alone
    asset: str | None = None  #: part of the name of an asset, an event of which began it


def list_runs(
    session: Session, choice: Choice, wanted: RunsWanted, *, limit: int, offset: int = 0
) -> list[RunEntry]:
    """Return one page of the runs that are chosen."""
    page = _narrowed(_from(sa.select(*_ENTRY)), choice, wanted).order_by(*in_order(RUN_COLUMNS, choice, R.id))
    return [_entry(row) for row in session.execute(page.limit(limit).offset(offset))]


def count_runs(session: Session, choice: Choice, wanted: RunsWanted) -> int:
    """Count the runs that are chosen. All there are may be looked at: nothing is joined that is not asked for."""
    is_of_version = "dag_version" in choice.names
    of = dag_run.join(dag_version, dag_version.c.id == R.version_id) if is_of_version else dag_run
    return session.scalar(_narrowed(sa.select(sa.func.count()).select_from(of), choice, wanted)) or 0


def confs_with(session: Session, choice: Choice, text: str) -> Iterator[tuple[int, int, Data]]:
    """Yield id, version and conf of the newest runs that are chosen and in whose conf a text stands."""
    query = _narrowed(_from(sa.select(R.id, R.version_id, R.conf)), choice, RunsWanted())
    query = query.where(_CONF.icontains(text, autoescape=True)).order_by(R.id.desc()).limit(_MOST_CONFS)
    # All of them together may be gigabytes.
    for row in session.execute(query.execution_options(yield_per=_CONFS_AT_ONCE)):
        yield row.id, row.version_id, row.conf


def find_entry(session: Session, dag_id: str, run_id: str) -> RunEntry:
    """Return one run. Raises NotFound."""
    row = session.execute(
        _from(sa.select(*_ENTRY)).where(R.dag_id == dag_id, R.run_id == run_id)
    ).one_or_none()
    if row is None:
        raise no_run(session, dag_id, run_id)
    return _entry(row)


def _entry(row: sa.Row[Any]) -> RunEntry:
    values = list(row)
    return RunEntry(Run(*values[:-2]), values[-2], values[-1] or row.dag_id)


def _from(statement: sa.Select[Any]) -> sa.Select[Any]:
    of = dag_run.join(dag_version, dag_version.c.id == R.version_id).outerjoin(dag, dag.c.dag_id == R.dag_id)
    return statement.select_from(of)


def _narrowed(statement: sa.Select[Any], choice: Choice, wanted: RunsWanted) -> sa.Select[Any]:
    statement = statement.where(*conditions(RUN_COLUMNS, choice))
    if wanted.ids is not None:
        statement = statement.where(R.id.in_(wanted.ids))
    if wanted.asset:
        begun = sa.select(dag_run_event.c.run_pk).join(
            asset_event, asset_event.c.id == dag_run_event.c.event_id
        )
        begun = begun.where(asset_event.c.name.icontains(wanted.asset, autoescape=True))
        statement = statement.where(R.id.in_(begun))
    return statement
