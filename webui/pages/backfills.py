"""Backfills of a DAG: how far they came, a form with what one would do, and pausing, resuming, cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.core.backfills import Reprocess, read_bound
from scheduler.errors import BadConf, BadParams, Conflict, NotFound
from scheduler.operations.backfills import (
    BackfillPreview,
    BackfillRequest,
    cancel_backfill,
    create_backfill,
    pause_backfill,
    preview_backfill,
    resume_backfill,
)
from scheduler.operations.conf import read_conf
from scheduler.security.rights import Right
from scheduler.store.backfills import get_backfill
from scheduler.store.engine import Session
from scheduler.store.views import dags
from scheduler.store.views.backfills import view_backfills, views_of_dag
from scheduler.wire import DagSpec
from webui.context import actor, now, reading, spec_of, writing
from webui.filters import command
from webui.fragments import is_sheet, page
from webui.pages.dag import dag_head
from webui.rights import needs
from webui.security import safe_path
from webui.tongues.speaking import gettext, marked, ngettext

blueprint = Blueprint("backfills", __name__, url_prefix="/dags/<dag_id>/backfills")

_SHOWN = 50
#: Dates that a preview lists from either end.
_LISTED = 12
_REPROCESS = {
    Reprocess.NONE: (marked("Leave them"), marked("only dates without a run get one")),
    Reprocess.FAILED: (marked("Rerun those that failed"), marked("what succeeded stays")),
    Reprocess.COMPLETED: (marked("Rerun all that have ended"), marked("earlier attempts keep their logs")),
}


@blueprint.get("")
@needs(Right.DAG_READ)
def show(dag_id: str) -> Response:
    """Show the backfills of a DAG."""
    with reading() as session:
        found = views_of_dag(session, dag_id, _SHOWN)
    return page("dag_backfills.html", tab="backfills", backfills=found, **dag_head(dag_id))


@blueprint.get("/new")
@needs(Right.DAG_RUN)
def form(dag_id: str) -> str:
    """Show the form and what it would do: the last seven days, until somebody says otherwise."""
    spec = _spec(dag_id)
    midnight = now().astimezone(ZoneInfo(spec.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = midnight - timedelta(days=7), midnight - timedelta(minutes=1)
    usual = {"from": first.strftime("%Y-%m-%dT%H:%M"), "to": last.strftime("%Y-%m-%dT%H:%M")}
    return _form(spec, {**usual, "max": "10", "reprocess": "none", **request.args})


@blueprint.post("/new")
@needs(Right.DAG_RUN)
def create(dag_id: str) -> ResponseReturnValue:
    """Begin it."""
    spec, values = _spec(dag_id), request.form.to_dict()
    try:
        wanted = _request(spec, values)
        row = writing(lambda session: create_backfill(session, now(), wanted, actor=actor()))
    except (BadParams, BadConf, Conflict) as error:
        return _form(spec, values, str(error)), 400
    flash(gettext("Backfill %(id)s has begun.", id=row.id))
    return redirect(url_for("backfills.show", dag_id=dag_id), 303)


@blueprint.post("/<int:backfill_id>/pause")
@needs(Right.DAG_RUN)
def flip(dag_id: str, backfill_id: int) -> ResponseReturnValue:
    """Hold it back, or let it go on."""
    change = pause_backfill if request.form.get("is_paused") == "true" else resume_backfill

    def work(session: Session) -> None:
        _check(session, dag_id, backfill_id)
        change(session, now(), backfill_id, actor=actor())

    writing(work)
    here = request.form.get("next")
    return redirect(safe_path(here) if here else url_for("backfills.show", dag_id=dag_id), 303)


@blueprint.get("/<int:backfill_id>/cancel")
@needs(Right.DAG_RUN)
def ask(dag_id: str, backfill_id: int) -> str:
    """Ask whether to end it, and whether what runs is to be stopped too."""
    with reading() as session:
        _check(session, dag_id, backfill_id)
        (view,) = view_backfills(session, [get_backfill(session, backfill_id)])
    line = command("backfills", "cancel", str(backfill_id))
    title = gettext("Cancel backfill %(id)s", id=backfill_id)
    return render_template("backfill_cancel.html", as_sheet=is_sheet(), title=title, view=view, line=line)


@blueprint.post("/<int:backfill_id>/cancel")
@needs(Right.DAG_RUN)
def cancel(dag_id: str, backfill_id: int) -> ResponseReturnValue:
    """End it."""
    stops = request.form.get("stop_running") == "true"

    def work(session: Session) -> int:
        _check(session, dag_id, backfill_id)
        return cancel_backfill(session, now(), backfill_id, stop_running=stops, actor=actor())

    count = writing(work)
    flash(
        ngettext(
            "Backfill %(id)s is over; %(num)s run of it were cancelled.",
            "Backfill %(id)s is over; %(num)s runs of it were cancelled.",
            count,
            id=backfill_id,
        )
    )
    return redirect(url_for("backfills.show", dag_id=dag_id), 303)


def _check(session: Session, dag_id: str, backfill_id: int) -> None:
    if get_backfill(session, backfill_id).dag_id != dag_id:
        raise NotFound("backfill", f"{dag_id}/{backfill_id}")


def _spec(dag_id: str) -> DagSpec:
    with reading() as session:
        return spec_of(session, dags.find_dag(session, dag_id).version_id)


def _request(spec: DagSpec, values: Mapping[str, str]) -> BackfillRequest:
    """Read the form. Raises BadParams and BadConf."""
    text, most = values.get("conf", "").strip(), values.get("max", "")
    if not (most.isascii() and most.isdigit() and len(most) < 7):
        raise BadParams(
            gettext("Runs at once: %(given)s is not a whole number from 1 on.", given=repr(most[:40]))
        )
    return BackfillRequest(
        dag_id=spec.dag_id,
        from_date=_bound(spec, values.get("from", ""), is_end=False),
        to_date=_bound(spec, values.get("to", ""), is_end=True),
        run_backwards=values.get("backwards") == "true",
        max_active_runs=int(most),
        reprocess_behavior=values.get("reprocess", "none"),
        conf=read_conf(text) if text else None,
        run_on_latest_version=values.get("code", "now") == "now",
    )


def _bound(spec: DagSpec, text: str, *, is_end: bool) -> datetime:
    try:
        return read_bound(text, spec.timezone, is_end=is_end)
    except ValueError as wrong:
        raise BadParams(f"{wrong}.") from None


def _form(spec: DagSpec, values: Mapping[str, str], problem: str = "") -> str:
    found, fault = _preview(spec, values)
    return render_template(
        "backfill.html",
        as_sheet=is_sheet(),
        title=gettext("Backfill"),
        dag_id=spec.dag_id,
        zone=spec.timezone,
        values=values,
        reprocess=[(str(key), gettext(label), gettext(help_)) for key, (label, help_) in _REPROCESS.items()],
        preview=found,
        first=found.runs[:_LISTED],
        last=found.runs[max(_LISTED, len(found.runs) - _LISTED) :],
        problem=problem or fault,
        line=_line(spec, values),
    )


def _preview(spec: DagSpec, values: Mapping[str, str]) -> tuple[BackfillPreview, str]:
    """Return what would be done, or why nothing would."""
    try:
        with reading() as session:
            return preview_backfill(session, now(), _request(spec, values)), ""
    except (BadParams, BadConf, Conflict) as error:
        return BackfillPreview((), is_all=True), str(error)


def _line(spec: DagSpec, values: Mapping[str, str]) -> str:
    more: dict[str, Any] = {
        "--reprocess-behavior": values.get("reprocess") if values.get("reprocess") != "none" else None,
        "--max-active-runs": values.get("max") if values.get("max") != "10" else None,
        "--conf": values.get("conf", "").strip() or None,
    }
    given = [each for name, value in more.items() if value for each in (name, value)]
    backwards = ["--run-backwards"] if values.get("backwards") == "true" else []
    then = ["--run-on-original-version"] if values.get("code") == "then" else []
    ends = ["--from", values.get("from", ""), "--to", values.get("to", "")]
    return command("backfills", "create", spec.dag_id, *ends, *backwards, *then, *given)
