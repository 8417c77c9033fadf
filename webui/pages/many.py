"""Act on many at once: runs of a list, DAGs of a list. What is shown before is what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadParams, Conflict, DirigentError
from scheduler.operations.cancel import cancel_run
from scheduler.operations.mark import mark_run
from scheduler.operations.pause import set_paused
from scheduler.operations.rerun import RerunRequest, preview_rerun, rerun
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.tables import ACTIVE_RUNS
from scheduler.store.views import dags, runs
from webui.context import actor, now, reading, writing
from webui.filters import command, run_label
from webui.fragments import LONGEST_UNDO, as_note, is_sheet
from webui.picks import named_runs, run_name
from webui.rights import needs, require
from webui.tongues.speaking import gettext, marked, ngettext

blueprint = Blueprint("many", __name__)

#: As many as a page of a list holds.
_MOST: Final = 100
#: What changes: its name, and its state before and after.
Change = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done with a run: what it makes of it, and how."""

    title: str
    button: str
    #: What becomes of a run in words and state, None where nothing.
    change: Callable[[Session, runs.Run], Change | None]
    act: Callable[[Session, runs.Run], object]


def _request(run: runs.Run, *, only_failed: bool) -> RerunRequest:
    return RerunRequest(dag_id=run.dag_id, run_id=run.run_id, only_failed=only_failed)


def _rerun_change(only_failed: bool) -> Callable[[Session, runs.Run], Change | None]:
    def change(session: Session, run: runs.Run) -> Change | None:
        try:
            count = len(preview_rerun(session, _request(run, only_failed=only_failed)).tasks)
        except Conflict:
            return None
        after = run.state if run.state in ACTIVE_RUNS else "queued"
        return (
            ngettext("%(run)s: %(num)s task", "%(run)s: %(num)s tasks", count, run=_name(run)),
            run.state,
            after,
        )

    return change


def _name(run: runs.Run) -> str:
    return f"{run.dag_id}, {run_label(run)}"


_DEEDS: Final = {
    "failed": Deed(
        marked("Rerun what failed in runs"),
        marked("Rerun"),
        _rerun_change(only_failed=True),
        lambda session, run: rerun(session, now(), _request(run, only_failed=True), actor=actor()),
    ),
    "all": Deed(
        marked("Rerun whole runs"),
        marked("Rerun"),
        _rerun_change(only_failed=False),
        lambda session, run: rerun(session, now(), _request(run, only_failed=False), actor=actor()),
    ),
    "cancel": Deed(
        marked("Cancel runs"),
        marked("Cancel the runs"),
        lambda _, run: (_name(run), run.state, "failed") if run.state in ACTIVE_RUNS else None,
        lambda session, run: cancel_run(session, now(), run.dag_id, run.run_id, actor=actor()),
    ),
    "mark": Deed(
        marked("Mark runs as success"),
        marked("Mark as success"),
        lambda _, run: (_name(run), run.state, "success") if run.state != "success" else None,
        lambda session, run: mark_run(session, now(), run.dag_id, run.run_id, to="success", actor=actor()),
    ),
    "fail": Deed(
        marked("Mark runs as failed"),
        marked("Mark as failed"),
        lambda _, run: (_name(run), run.state, "failed") if run.state != "failed" else None,
        lambda session, run: mark_run(session, now(), run.dag_id, run.run_id, to="failed", actor=actor()),
    ),
}


def _chosen(name: str) -> list[str]:
    found = list(dict.fromkeys(request.values.getlist(name)))
    if not 0 < len(found) <= _MOST:
        raise BadParams(gettext("Choose 1 to %(most)s at once, not %(count)s.", most=_MOST, count=len(found)))
    return found


def _deed() -> Deed:
    deed = _DEEDS.get(request.values.get("do", ""))
    if deed is None:
        raise BadParams(f"Runs are not {request.values.get('do', '')!r}: choose one of {', '.join(_DEEDS)}.")
    return deed


@blueprint.get("/runs/many")
@needs(Right.DAG_RUN)
def runs_form() -> str:
    """Show what would become of each run."""
    deed, names = _deed(), named_runs()
    with reading() as session:
        found = runs.list_named(session, names)
        changes = [change for run in found if (change := deed.change(session, run))]
    hidden = [*(("run", run_name(each)) for each in found), ("do", request.values["do"])]
    effect = gettext("Of %(count)s chosen runs %(changes)s change.", count=len(names), changes=len(changes))
    return _confirm(gettext(deed.title), gettext(deed.button), effect, changes, hidden, "runs")


@blueprint.post("/runs/many")
@needs(Right.DAG_RUN)
def runs_act() -> ResponseReturnValue:
    """Do it, a transaction a run: what cannot be done with one holds up no other."""
    deed = _deed()
    with reading() as session:
        found = [run for run in runs.list_named(session, named_runs()) if deed.change(session, run)]
    refused: list[str] = []
    for run in found:
        require(Right.DAG_RUN, dag_id=run.dag_id)
        try:
            writing(lambda session, run=run: deed.act(session, run))  # type: ignore[misc]
        except DirigentError as error:
            refused.append(f"{_name(run)}: {error}")
    flash(
        gettext(
            "%(title)s: %(done)s of %(count)s done. %(refused)s",
            title=gettext(deed.title),
            done=len(found) - len(refused),
            count=len(found),
            refused=as_note("", refused),
        ).strip(),
        "" if refused else _undo(found),
    )
    return redirect(url_for("runs.show"), 303)


def _undo(before: list[runs.Run]) -> str:
    """Return where to mark runs back: runs that had all ended in one state, of which a mark changes no task."""
    back = {"mark": "failed", "fail": "success"}.get(request.values["do"])
    if not before or {run.state for run in before} != {back}:
        return ""
    do = "fail" if back == "failed" else "mark"
    address = url_for("many.runs_form", run=[run_name(run) for run in before], do=do)
    return address if len(address) <= LONGEST_UNDO else ""


@blueprint.get("/many/dags")
@needs(Right.DAG_EDIT)
def dags_form() -> str:
    """Show which DAGs would be paused, or activated."""
    ids, is_paused = _chosen("dag"), _is_paused()
    with reading() as session:
        changes = _pauses(session, ids, is_paused=is_paused)
    hidden = [*(("dag", each) for each in ids), ("is_paused", "true" if is_paused else "false")]
    line = command("dags", "pause" if is_paused else "unpause", *(name for name, _, _ in changes))
    what = gettext("the schedule starts no run of them") if is_paused else gettext("schedules start runs")
    effect = gettext(
        "Of %(count)s chosen DAGs %(changes)s change: %(what)s.",
        count=len(ids),
        changes=len(changes),
        what=what,
    )
    title = gettext("Pause DAGs") if is_paused else gettext("Activate DAGs")
    button = gettext("Pause") if is_paused else gettext("Activate")
    return _confirm(title, button, effect, changes, hidden, "dags", line)


@blueprint.post("/many/dags")
@needs(Right.DAG_EDIT)
def dags_act() -> ResponseReturnValue:
    """Pause or activate them."""
    ids, is_paused = _chosen("dag"), _is_paused()
    for dag_id in ids:
        require(Right.DAG_EDIT, dag_id=dag_id)
    done = writing(lambda session: set_paused(session, now(), ids, is_paused=is_paused, actor=actor()))
    undo = url_for("many.dags_form", dag=done, is_paused="false" if is_paused else "true") if done else ""
    said = (
        ngettext("%(num)s DAG paused.", "%(num)s DAGs paused.", len(done))
        if is_paused
        else ngettext("%(num)s DAG activated.", "%(num)s DAGs activated.", len(done))
    )
    flash(said, undo)
    return redirect(url_for("dags.show"), 303)


def _is_paused() -> bool:
    return request.values.get("is_paused") == "true"


def _pauses(session: Session, ids: list[str], *, is_paused: bool) -> list[Change]:
    before, after = ("success", "paused") if is_paused else ("paused", "success")
    found = [dags.find_dag(session, dag_id) for dag_id in ids]
    return [(dag.dag_id, before, after) for dag in found if dag.is_paused != is_paused]


def _confirm(
    title: str,
    button: str,
    effect: str,
    changes: list[Change],
    hidden: list[tuple[str, str]],
    place: str,
    line: str = "",
) -> str:
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=title,
        dag_id="",
        action=url_for(f"many.{place}_act"),
        back=url_for(f"{place}.show"),
        hidden=hidden,
        effect=effect,
        changes=changes,
        line=line,
        button=button,
    )
