"""Run again: one task, what follows it, all that failed, or the whole run; on the code of then or of now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import BadParams, Conflict
from scheduler.operations.rerun import Preview, RerunRequest, preview_rerun, rerun
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import runs
from webui.context import actor, now, reading, spec_of, writing
from webui.filters import command, run_url
from webui.fragments import is_sheet
from webui.picks import Picked, picked
from webui.rights import needs
from webui.tongues.speaking import gettext, marked, ngettext

blueprint = Blueprint("rerun", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/rerun")

_SCOPES = {
    "task": (marked("Only what was chosen"), marked("what follows it keeps its result")),
    "downstream": (marked("With what follows"), marked("everything downstream runs again")),
    "upstream": (marked("With what comes before"), marked("everything upstream runs again")),
    "broken": (marked("Of these what failed"), marked("and what could not run because of it")),
    "failed": (marked("All that failed"), marked("and what could not run because of it")),
    "all": (marked("The whole run"), marked("every task, from the start")),
}
#: Those that mean the run, whatever was chosen.
_OF_RUN = frozenset({"failed", "all"})
_CODES = {
    "then": (marked("The code of then"), marked("as this run began")),
    "now": (marked("The code of now"), marked("the newest version of the DAG")),
}
_CHANGED = marked("the newest version of the DAG: files have changed since this run began")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person chose to run again."""

    picked: Picked
    scope: str
    code: Literal["then", "now"]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.picked.name or gettext("the run")

    @property
    def scopes(self) -> list[str]:
        """What may be chosen of it."""
        few = [] if self.picked.group or len(self.picked.picks) > 1 else ["broken"]
        return [key for key in _SCOPES if key not in few and (key in _OF_RUN or not self.picked.is_all)]


def _code() -> Literal["then", "now"]:
    return "now" if request.values.get("code") == "now" else "then"


def _wanted() -> Wanted:
    wanted = Wanted(picked(), "", _code())
    scope = request.values.get("scope", "failed" if wanted.picked.is_all else "task")
    return replace(wanted, scope=scope if scope in wanted.scopes else "failed")


@blueprint.get("")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show what would run."""
    wanted = _wanted()
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
    plan, problem = _plan(run, wanted)
    return render_template(
        "rerun.html",
        as_sheet=is_sheet(),
        title=gettext("Rerun %(what)s", what=wanted.name),
        run=run,
        wanted=wanted,
        plan=plan,
        problem=problem,
        scopes=[(key, *map(gettext, _SCOPES[key])) for key in wanted.scopes],
        codes=_codes(run, wanted),
        line=_line(run, wanted),
    )


@blueprint.post("")
@needs(Right.DAG_RUN)
def start(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Run it again."""
    wanted = _wanted()
    with reading() as session:
        request_ = _request(session, runs.find_run(session, dag_id, run_id), wanted)
    done = writing(lambda session: rerun(session, now(), request_, actor=actor()))
    count = len(done.tasks) + len(done.added)
    flash(ngettext("%(num)s task will run again.", "%(num)s tasks will run again.", count))
    return redirect(run_url(dag_id, run_id), 303)


def _request(session: Session, run: runs.Run, wanted: Wanted) -> RerunRequest:
    is_run = wanted.scope in _OF_RUN
    return RerunRequest(
        dag_id=run.dag_id,
        run_id=run.run_id,
        tasks=() if is_run else wanted.picked.tasks(spec_of(session, run.version_id)),
        upstream=wanted.scope == "upstream",
        downstream=wanted.scope == "downstream",
        only_failed=wanted.scope in {"failed", "broken"},
        code=wanted.code,
    )


def _codes(run: runs.Run, wanted: Wanted) -> list[tuple[str, str, str]]:
    """Return the choice of code; who has mended a file is told that the code of now is another one."""
    newest, _ = _plan(run, replace(wanted, code="now"))
    choices = [(key, gettext(label), gettext(words)) for key, (label, words) in _CODES.items()]
    return [*choices[:1], ("now", choices[1][1], gettext(_CHANGED))] if newest.is_other_code else choices


def _plan(run: runs.Run, wanted: Wanted) -> tuple[Preview, str]:
    """Return what would run, or why nothing would."""
    try:
        with reading() as session:
            return preview_rerun(session, _request(session, run, wanted)), ""
    except (Conflict, BadParams) as error:
        return Preview(tasks=()), str(error)


def _line(run: runs.Run, wanted: Wanted) -> str:
    """Return the command that does the same; of many tasks there is none."""
    code = ["--latest-code"] if wanted.code == "now" else []
    if wanted.scope in _OF_RUN:
        return command("runs", "rerun", run.dag_id, run.run_id, f"--{wanted.scope}", *code)
    if wanted.picked.group or len(wanted.picked.picks) > 1:
        return ""
    task_id, _, path = wanted.picked.picks[0].removesuffix("]").partition("[")
    more = [f"--{wanted.scope}"] if wanted.scope in {"upstream", "downstream"} else []
    where = ["--path", path] if path else []
    return command("tasks", "clear", run.dag_id, run.run_id, task_id, *where, *more, *code)
