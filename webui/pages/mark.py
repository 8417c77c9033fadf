"""Mark a task or a run as success or failed, without running anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import BadParams
from scheduler.operations.mark import mark_run, mark_task
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import runs, tasks
from webui.context import actor, now, reading, writing
from webui.filters import command, run_url
from webui.fragments import is_sheet
from webui.rights import needs

blueprint = Blueprint("mark", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/mark")


#: What a mark does, in words.
_TASK = "Nothing runs because of this mark alone; what waits for the task goes on by its rules."
_RUN = "Tasks that have not ended are stopped and marked too."


def _to() -> Literal["success", "failed"]:
    match request.values.get("to", ""):
        case "success":
            return "success"
        case "failed":
            return "failed"
        case other:
            raise BadParams(f"A task or run is marked as success or failed, not as {other!r}.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be marked; without a task the run itself."""

    run: runs.Run
    task: runs.Task | None
    to: Literal["success", "failed"]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.task.task_id if self.task else "The run"

    @property
    def change(self) -> tuple[str, str, str]:
        """What is marked, and its state before and after."""
        return self.name, self.task.state if self.task else self.run.state, self.to

    @property
    def line(self) -> str:
        """The command that does the same."""
        run, task = self.run, self.task
        if task is None:
            return command("runs", "mark", run.dag_id, run.run_id, self.to)
        path = ["--path", task.path] if task.path else []
        return command("tasks", "mark", run.dag_id, run.run_id, task.task_id, self.to, *path)


def _wanted(dag_id: str, run_id: str) -> Wanted:
    task_id, path = request.values.get("task", ""), request.values.get("path", "")
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        return Wanted(run, tasks.find_task(session, run.id, task_id, path) if task_id else None, _to())


@blueprint.get("")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show what the mark changes."""
    wanted = _wanted(dag_id, run_id)
    task = wanted.task
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=f"Mark {task.task_id if task else 'the run'} as {wanted.to}",
        run=wanted.run,
        action=run_url(dag_id, run_id, "mark.apply"),
        hidden={"task": task.task_id if task else "", "path": task.path if task else "", "to": wanted.to},
        effect=_TASK if task else _RUN,
        changes=[wanted.change],
        line=wanted.line,
        button=f"Mark as {wanted.to}",
    )


@blueprint.post("")
@needs(Right.DAG_RUN)
def apply(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Mark it."""
    wanted = _wanted(dag_id, run_id)
    writing(lambda session: _mark(session, wanted))
    flash(f"{wanted.name} was marked as {wanted.to}.")
    return redirect(run_url(dag_id, run_id), 303)


def _mark(session: Session, wanted: Wanted) -> None:
    names = (wanted.run.dag_id, wanted.run.run_id)
    if wanted.task is None:
        mark_run(session, now(), *names, to=wanted.to, actor=actor())
    else:
        task = wanted.task
        mark_task(session, now(), *names, task.task_id, to=wanted.to, path=task.path, actor=actor())
