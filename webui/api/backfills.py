"""Backfills: list, show, create, try, pause, resume, cancel."""

from __future__ import annotations

from typing import Final

from scheduler.errors import BadParams
from scheduler.operations import backfills
from scheduler.operations.shown_confs import shown_conf
from scheduler.security.rights import Right
from scheduler.store.backfills import Backfill, count_backfills, get_backfill, list_backfills
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.views.backfills import named_fields
from webui.api.frame import Fields, Routes
from webui.api.shapes import backfills as shapes
from webui.context import actor, now, reading, spec_of, writing
from webui.rights import needs, require

routes = Routes("api_backfills", "/api/v2/backfills", tag="Backfill")

#: Dates that a dry run lists.
_MOST: Final = 2_000


@routes.get("", answers=shapes.Backfills)
@needs(Right.DAG_READ)
def list_all_backfills(query: shapes.BackfillsWanted) -> Fields:
    """Return the backfills of a DAG, or all."""
    is_newest_first = query.order_by[:1] != ("id",)
    with reading() as session:
        found = list_backfills(
            session, query.dag_id, limit=query.count, offset=query.offset, is_newest_first=is_newest_first
        )
        rows = [_fields(session, row) for row in found]
        total = count_backfills(session, query.dag_id)
    return {"backfills": rows, "total_entries": total}


@routes.get("/<int:backfill_id>", answers=shapes.Backfill)
@needs(Right.DAG_READ)
def show_backfill(backfill_id: int) -> Fields:
    """Return one backfill."""
    return _found(backfill_id)


def _found(backfill_id: int) -> Fields:
    """Look for a backfill among those that whoever asks may see, or change. Raises NotFound."""
    with reading() as session:
        return _fields(session, get_backfill(session, backfill_id))


def _fields(session: Session, row: Backfill) -> Fields:
    conf = row.dag_run_conf
    if conf:
        conf = shown_conf(session, get_dag(session, row.dag_id).version_id, conf, spec_of)
    return {**named_fields(session, row), "dag_run_conf": conf}


@routes.post("", answers=shapes.Backfill)
@needs(Right.DAG_RUN)
def create_backfill(body: shapes.BackfillBody) -> Fields:
    """Begin a backfill."""
    require(Right.DAG_RUN, dag_id=body.dag_id)
    wanted = _wanted(body)
    row = writing(lambda session: backfills.create_backfill(session, now(), wanted, actor=actor()))
    return _found(row.id)


@routes.post("/dry_run", answers=shapes.TriedBackfill)
@needs(Right.DAG_RUN)
def create_backfill_dry_run(body: shapes.BackfillBody) -> Fields:
    """Return the dates that a backfill would make runs for, or have run again."""
    with reading() as session:
        found = backfills.preview_backfill(session, now(), _wanted(body), most=_MOST)
    if not found.is_all:
        raise BadParams(
            f"The range has more than {_MOST:,} dates: try a shorter one. Creating it is possible."
        )
    none = {"partition_key": None, "partition_date": None}
    dates = [each.logical_date for each in found.runs if each.fate in ("create", "rerun")]
    return {"backfills": [{"logical_date": each, **none} for each in dates], "total_entries": len(dates)}


@routes.put("/<int:backfill_id>/pause", answers=shapes.Backfill)
@needs(Right.DAG_RUN)
def pause_backfill(backfill_id: int) -> Fields:
    """Start no more runs of a backfill; those that run go on."""
    _found(backfill_id)
    writing(lambda session: backfills.pause_backfill(session, now(), backfill_id, actor=actor()))
    return _found(backfill_id)


@routes.put("/<int:backfill_id>/unpause", answers=shapes.Backfill)
@needs(Right.DAG_RUN)
def unpause_backfill(backfill_id: int) -> Fields:
    """Let a backfill go on."""
    _found(backfill_id)
    writing(lambda session: backfills.resume_backfill(session, now(), backfill_id, actor=actor()))
    return _found(backfill_id)


@routes.put("/<int:backfill_id>/cancel", answers=shapes.Backfill)
@needs(Right.DAG_RUN)
def cancel_backfill(backfill_id: int) -> Fields:
    """End a backfill; what waits is cancelled, what runs goes on."""
    _found(backfill_id)
    writing(lambda session: backfills.cancel_backfill(session, now(), backfill_id, actor=actor()))
    return _found(backfill_id)


def _wanted(body: shapes.BackfillBody) -> backfills.BackfillRequest:
    return backfills.BackfillRequest(
        dag_id=body.dag_id,
        from_date=body.from_date,
        to_date=body.to_date,
        run_backwards=body.run_backwards,
        max_active_runs=body.max_active_runs,
        reprocess_behavior=body.reprocess_behavior,
        conf=body.dag_run_conf,
        run_on_latest_version=body.run_on_latest_version is not False,
    )
