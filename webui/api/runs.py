"""Runs: list, show, trigger."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request

from scheduler.clock import parse_instant
from scheduler.errors import BadParams
from scheduler.operations.results import results_of
from scheduler.operations.trigger import trigger_run
from scheduler.security.rights import Right
from scheduler.store.dags import get_dag
from scheduler.store.views import runs
from scheduler.store.views.fields import run_fields
from webui.api.bodies import body
from webui.api.paging import window
from webui.context import actor, now, reading, spec_of, writing
from webui.fragments import data
from webui.rights import may, needs

blueprint = Blueprint("api_runs", __name__, url_prefix="/api/v2/dags/<dag_id>/dagRuns")


@blueprint.get("")
@needs(Right.DAG_READ)
def show_all(dag_id: str) -> Response:
    """Return the runs of a DAG, or with `~` of all DAGs, newest first."""
    part = window()
    wanted = runs.RunWanted(dag_id="" if dag_id == "~" else dag_id, state=request.args.get("state", ""))
    with reading() as session:
        if wanted.dag_id:
            get_dag(session, wanted.dag_id)
        found = runs.list_runs(session, wanted, limit=part.limit, offset=part.offset)
        total = runs.count_runs(session, wanted)
    return data(dag_runs=[run_fields(run) for run in found], total_entries=total)


@blueprint.get("/<run_id>")
@needs(Right.DAG_READ)
def show(dag_id: str, run_id: str) -> Response:
    """Return one run, and what it returned, by task, once it has ended."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        may_read = may(Right.XCOM_READ, dag_id)
        results = results_of(session, run, spec_of(session, run.version_id)) if may_read else {}
    return data(**run_fields(run), results=results)


@blueprint.post("")
@needs(Right.DAG_RUN)
def trigger(dag_id: str) -> Response:
    """Trigger a run; the same `Idempotency-Key` finds the run that it triggered before."""
    given = body({"conf", "dag_run_id", "logical_date", "note", "partition_key"})
    at = given.get("logical_date")
    ref = writing(
        lambda session: trigger_run(
            session,
            now(),
            dag_id,
            conf=given.get("conf"),
            run_id=given.get("dag_run_id"),
            logical_date=_instant(at) if at else None,
            note=_text("note", given.get("note")),
            partition_key=_text("partition_key", given.get("partition_key")),
            idempotency_key=request.headers.get("Idempotency-Key"),
            actor=actor(),
        )
    )
    return show(dag_id, ref.run_id)


def _text(name: str, text: object) -> str:
    if text is None or isinstance(text, str):
        return text or ""
    raise BadParams(f"{name} must be a text.")


def _instant(text: object) -> datetime:
    try:
        return parse_instant(str(text))
    except ValueError as wrong:
        raise BadParams(f"logical_date: {wrong}.") from wrong
