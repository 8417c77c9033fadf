"""Run again: one task, what follows it, all that failed, or the whole run; on the code of then or of now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.core.ids import TaskKey
from scheduler.errors import BadParams, Conflict
from scheduler.operations.rerun import Preview, RerunRequest, preview_rerun, rerun
from scheduler.security.rights import Right
from scheduler.store.views import runs
from webui.context import actor, now, reading, writing
from webui.filters import command, run_url
from webui.fragments import is_sheet
from webui.rights import needs

blueprint = Blueprint("rerun", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/rerun")

_SCOPES = {
    "task": ("This task only", "what follows it keeps its result"),
    "downstream": ("This task and what follows it", "everything downstream runs again"),
    "failed": ("All that failed", "and what could not run because of it"),
    "all": ("The whole run", "every task, from the start"),
}
_CODES = {
    "then": ("The code of then", "as this run began"),
    "now": ("The code of now", "the newest version of the DAG"),
}
_CHANGED = "the newest version of the DAG: files have changed since this run began"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person chose to run again."""

    task_id: str
    path: str
    scope: str
    code: Literal["then", "now"]


def _code() -> Literal["then", "now"]:
    return "now" if request.values.get("code") == "now" else "then"


def _wanted() -> Wanted:
    values = request.values
    task_id = values.get("task", "")
    scope = values.get("scope", "task" if task_id else "failed")
    known = scope in _SCOPES and (task_id or scope in {"failed", "all"})
    return Wanted(task_id, values.get("path", ""), scope if known else "failed", _code())


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
        title=f"Rerun {wanted.task_id or 'the run'}",
        run=run,
        wanted=wanted,
        plan=plan,
        problem=problem,
        scopes=[(key, *_SCOPES[key]) for key in _SCOPES if wanted.task_id or key in {"failed", "all"}],
        codes=_codes(run, wanted),
        line=_line(run, wanted),
    )


@blueprint.post("")
@needs(Right.DAG_RUN)
def start(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Run it again."""
    request_ = _request(dag_id, run_id, _wanted())
    done = writing(lambda session: rerun(session, now(), request_, actor=actor()))
    count = len(done.tasks) + len(done.added)
    flash(f"{count} task{'' if count == 1 else 's'} will run again.")
    return redirect(run_url(dag_id, run_id), 303)


def _request(dag_id: str, run_id: str, wanted: Wanted) -> RerunRequest:
    named = wanted.scope in {"task", "downstream"}
    key = TaskKey(wanted.task_id, wanted.path) if wanted.path else wanted.task_id
    return RerunRequest(
        dag_id=dag_id,
        run_id=run_id,
        tasks=(key,) if named else (),
        downstream=wanted.scope == "downstream",
        only_failed=wanted.scope == "failed",
        code=wanted.code,
    )


def _codes(run: runs.Run, wanted: Wanted) -> list[tuple[str, str, str]]:
    """Return the choice of code; who has mended a file is told that the code of now is another one."""
    newest, _ = _plan(run, replace(wanted, code="now"))
    choices = [(key, label, words) for key, (label, words) in _CODES.items()]
    return [*choices[:1], ("now", choices[1][1], _CHANGED)] if newest.is_other_code else choices


def _plan(run: runs.Run, wanted: Wanted) -> tuple[Preview, str]:
    """Return what would run, or why nothing would."""
    try:
        with reading() as session:
            return preview_rerun(session, _request(run.dag_id, run.run_id, wanted)), ""
    except (Conflict, BadParams) as error:
        return Preview(tasks=()), str(error)


def _line(run: runs.Run, wanted: Wanted) -> str:
    code = ["--latest-code"] if wanted.code == "now" else []
    if wanted.scope in {"failed", "all"}:
        return command("runs", "rerun", run.dag_id, run.run_id, f"--{wanted.scope}", *code)
    more = ["--downstream"] if wanted.scope == "downstream" else []
    path = ["--path", wanted.path] if wanted.path else []
    return command("tasks", "clear", run.dag_id, run.run_id, wanted.task_id, *path, *more, *code)
