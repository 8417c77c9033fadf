"""Mark tasks or a run as success, failed or skipped, without running anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.core.ids import named
from scheduler.core.states import UNFINISHED, TaskState, states_before
from scheduler.errors import BadParams, Conflict
from scheduler.operations.cancel import state_once_stopped
from scheduler.operations.mark import Mark, mark_run, mark_task
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import run_tasks, runs
from webui import words
from webui.context import actor, now, reading, spec_of, writing
from webui.filters import command, run_url
from webui.fragments import LONGEST_UNDO, is_sheet
from webui.picks import Picked, picked
from webui.rights import needs
from webui.tongues.speaking import gettext, marked

blueprint = Blueprint("mark", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/mark")


#: What a mark does, in words.
_TASK = marked("Nothing runs because of this mark alone; what waits for what is marked goes on by its rules.")
_RUN = marked("Tasks that have not ended are stopped and marked too.")
_MARKS: Final[dict[str, Mark]] = {"success": "success", "failed": "failed", "skipped": "skipped"}
#: States that a mark can bring back.
_BACK: Final = frozenset(_MARKS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be marked; no task: the run itself."""

    run: runs.Run
    picked: Picked
    tasks: tuple[runs.Task, ...]
    to: Mark

    @property
    def name(self) -> str:
        """What it is called."""
        return self.picked.name or gettext("The run")

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """What is marked, and its state before and after."""
        if not self.picked.is_all:
            return [(named(task.task_id, task.path), task.state, self.to) for task in self.tasks]
        rest = TaskState.SUCCESS if self.to == "success" else TaskState.SKIPPED
        stopped = [
            (
                named(task.task_id, task.path),
                task.state,
                state_once_stopped(TaskState(task.state), rest).value,
            )
            for task in self.tasks
        ]
        own = [(self.name, self.run.state, self.to)] if self.run.state != self.to else []
        return [*own, *stopped] if own else []

    @property
    def line(self) -> str:
        """The command that does the same; of many tasks there is none."""
        run, tasks = self.run, self.tasks
        if self.picked.is_all:
            return command("runs", "mark", run.dag_id, run.run_id, self.to)
        if len(tasks) != 1:
            return ""
        path = ["--path", tasks[0].path] if tasks[0].path else []
        return command("tasks", "mark", run.dag_id, run.run_id, tasks[0].task_id, self.to, *path)

    @property
    def undo(self) -> str:
        """Where to mark them back, where all of them were in one state that a mark can give."""
        if self.picked.is_all:
            is_back = self.run.state in _BACK and not self.tasks
            return self._back(to=self.run.state) if is_back else ""
        before = {task.state for task in self.tasks}
        if len(before) != 1 or not before <= _BACK:
            return ""
        picks = [named(task.task_id, task.path) for task in self.tasks]
        return self._back(pick=picks, to=before.pop())

    def _back(self, **more: Any) -> str:
        address = run_url(self.run.dag_id, self.run.run_id, "mark.form", **more)
        return address if len(address) <= LONGEST_UNDO else ""


def _to(is_run: bool) -> Mark:
    given = request.values.get("to", "")
    if given not in _MARKS or (is_run and given == "skipped"):
        raise BadParams(
            f"A task is marked as success, failed or skipped, a run as success or failed, not as {given!r}."
        )
    return _MARKS[given]


def _wanted(dag_id: str, run_id: str) -> Wanted:
    chosen = picked()
    to = _to(chosen.is_all)
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        keys = chosen.tasks(spec_of(session, run.version_id))
        if chosen.is_all:
            unfinished = [task for task in runs.list_tasks(session, run.id) if task.state in UNFINISHED]
            return Wanted(run, chosen, tuple(unfinished), to)
        found = run_tasks.list_named(session, run.id, keys)
    can = {state.value for state in states_before(TaskState(to))}
    return Wanted(run, chosen, tuple(task for task in found if task.state in can), to)


@blueprint.get("")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show what the mark changes."""
    wanted = _wanted(dag_id, run_id)
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=gettext(
            "Mark %(what)s as %(state)s",
            what=wanted.picked.name or gettext("the run"),
            state=words.state(wanted.to),
        ),
        run=wanted.run,
        action=run_url(dag_id, run_id, "mark.apply"),
        hidden=[*wanted.picked.fields, ("to", wanted.to)],
        effect=gettext(_RUN if wanted.picked.is_all else _TASK),
        changes=wanted.changes,
        line=wanted.line,
        button=gettext("Mark as %(state)s", state=words.state(wanted.to)),
    )


@blueprint.post("")
@needs(Right.DAG_RUN)
def apply(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Mark it."""
    wanted = _wanted(dag_id, run_id)
    done = writing(lambda session: _mark(session, wanted))
    name = wanted.name if done else gettext("Nothing")
    said = gettext("%(what)s was marked as %(state)s.", what=name, state=words.state(wanted.to))
    flash(said, wanted.undo if done else "")
    return redirect(run_url(dag_id, run_id), 303)


def _mark(session: Session, wanted: Wanted) -> int:
    names = (wanted.run.dag_id, wanted.run.run_id)
    if not wanted.picked.is_all:
        return _mark_tasks(session, names, wanted)
    mark_run(session, now(), *names, to="success" if wanted.to == "success" else "failed", actor=actor())
    return 1


def _mark_tasks(session: Session, names: tuple[str, str], wanted: Wanted) -> int:
    """Mark each that can be; return how many. Of one alone its refusal is told."""
    marked = 0
    for task in wanted.tasks:
        try:
            mark_task(session, now(), *names, task.task_id, to=wanted.to, path=task.path, actor=actor())
            marked += 1
        except Conflict:
            if len(wanted.tasks) == 1:
                raise
    return marked
