"""Act on many cells of the grid at once: tasks of several runs of a DAG. What is shown before is what happens.

`cells=RUN,RUN/extract,load` names each of these tasks in each of these runs; it may be there many times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.core.ids import named
from scheduler.core.states import TaskState, states_before
from scheduler.errors import BadParams, Conflict, DirigentError
from scheduler.operations.mark import Mark, mark_task
from scheduler.operations.rerun import RerunRequest, preview_rerun, rerun
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import run_tasks, runs
from webui import words
from webui.context import actor, now, reading, writing
from webui.filters import run_label
from webui.fragments import LONGEST_UNDO, as_note, is_sheet
from webui.picks import MOST
from webui.rights import needs
from webui.tongues.speaking import gettext, marked, ngettext

blueprint = Blueprint("cells", __name__, url_prefix="/dags/<dag_id>/cells")

#: As many as the grid shows.
_MOST_RUNS: Final = 200
_MARKS: Final[dict[str, Mark]] = {"success": "success", "failed": "failed", "skipped": "skipped"}
_RERUNS: Final = {
    "task": marked("Rerun tasks of several runs"),
    "downstream": marked("Rerun tasks and what follows them"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A task instance that changes, and the states that it changes from and to."""

    run: runs.Run
    task_id: str
    path: str
    before: str
    after: str

    @property
    def change(self) -> tuple[str, str, str]:
        """What is shown of it."""
        return f"{run_label(self.run)}: {named(self.task_id, self.path)}", self.before, self.after


@dataclass(frozen=True, slots=True)
class Chosen:
    """Tasks of one run, and what is to become of them."""

    run: runs.Run
    task_ids: tuple[str, ...]
    do: str

    def changes(self, session: Session) -> list[Cell]:
        """Return what would change now."""
        return self._marked(session, _MARKS[self.do]) if self.do in _MARKS else self._rerun(session)

    def _marked(self, session: Session, to: Mark) -> list[Cell]:
        can = {state.value for state in states_before(TaskState(to))}
        found = run_tasks.list_named(session, self.run.id, self.task_ids)
        return [
            Cell(self.run, task.task_id, task.path, task.state, to) for task in found if task.state in can
        ]

    def _rerun(self, session: Session) -> list[Cell]:
        try:
            again = preview_rerun(session, self._request()).tasks
        except Conflict:
            return []
        return [Cell(self.run, task.task_id, task.path, task.state.value, "none") for task in again]

    def _request(self) -> RerunRequest:
        return RerunRequest(
            dag_id=self.run.dag_id,
            run_id=self.run.run_id,
            tasks=self.task_ids,
            downstream=self.do == "downstream",
        )

    def act(self, session: Session) -> int:
        """Do it; return how many task instances changed."""
        if self.do not in _MARKS:
            return len(rerun(session, now(), self._request(), actor=actor()).tasks)
        return sum(self._mark(session, cell) for cell in self.changes(session))

    def _mark(self, session: Session, cell: Cell) -> bool:
        names = (self.run.dag_id, self.run.run_id, cell.task_id)
        try:
            mark_task(session, now(), *names, to=_MARKS[self.do], path=cell.path, actor=actor())
        except Conflict:
            return False
        return True


@blueprint.get("/many")
@needs(Right.DAG_RUN)
def form(dag_id: str) -> str:
    """Show what would become of each cell."""
    do = _deed()
    with reading() as session:
        chosen = _chosen(session, dag_id, do)
        changes = [cell for each in chosen for cell in each.changes(session)]
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=_title(do),
        dag_id=dag_id,
        action=url_for("cells.act", dag_id=dag_id),
        back=url_for("dag.show", dag_id=dag_id),
        hidden=[*(("cells", each) for each in request.values.getlist("cells")), ("do", do)],
        effect=_effect(changes, len(chosen)),
        changes=[cell.change for cell in changes],
        line="",
        button=gettext("Mark as %(state)s", state=words.state(do)) if do in _MARKS else gettext("Rerun"),
    )


@blueprint.post("/many")
@needs(Right.DAG_RUN)
def act(dag_id: str) -> ResponseReturnValue:
    """Do it, a transaction a run: what cannot be done in one holds up no other."""
    do, refused, done = _deed(), list[str](), 0
    with reading() as session:
        changing = [(each, each.changes(session)) for each in _chosen(session, dag_id, do)]
    for each, changes in changing:
        try:
            done += writing(each.act) if changes else 0
        except DirigentError as error:
            refused.append(f"{run_label(each.run)}: {error}")
    undo = _undo(dag_id, do, [cell for _, changes in changing for cell in changes]) if done else ""
    flash(as_note(gettext("%(title)s: %(done)s done.", title=_title(do), done=done), refused), undo)
    return redirect(url_for("dag.show", dag_id=dag_id), 303)


def _effect(changes: list[Cell], chosen: int) -> str:
    return ngettext(
        "%(tasks)s in %(changing)s of %(num)s run would change.",
        "%(tasks)s in %(changing)s of %(num)s runs would change.",
        chosen,
        tasks=ngettext("%(num)s task", "%(num)s tasks", len(changes)),
        changing=len({cell.run.id for cell in changes}),
    )


def _title(do: str) -> str:
    return gettext("Mark tasks as %(state)s", state=words.state(do)) if do in _MARKS else gettext(_RERUNS[do])


def _undo(dag_id: str, do: str, changes: list[Cell]) -> str:
    """Return where to mark them back, where all were in one state that a mark can give, and none was mapped."""
    before = {cell.before for cell in changes}
    if do not in _MARKS or len(before) != 1 or not before <= _MARKS.keys() or any(c.path for c in changes):
        return ""
    cells = [f"{cell.run.run_id}/{cell.task_id}" for cell in changes]
    address = url_for("cells.form", dag_id=dag_id, cells=cells, do=before.pop())
    return address if len(address) <= LONGEST_UNDO else ""


def _deed() -> str:
    do = request.values.get("do", "")
    if do not in {*_MARKS, *_RERUNS}:
        raise BadParams(f"Tasks are not {do!r}: choose one of {', '.join([*_RERUNS, *_MARKS])}.")
    return do


def _chosen(session: Session, dag_id: str, do: str) -> list[Chosen]:
    """Return what was chosen, by run, newest first. Raises BadParams."""
    by_run: dict[str, dict[str, None]] = {}
    for run_id, task_id in _pairs():
        by_run.setdefault(run_id, {})[task_id] = None
    count = sum(len(tasks) for tasks in by_run.values())
    if not 0 < count <= MOST or len(by_run) > _MOST_RUNS:
        raise BadParams(f"Choose 1 to {MOST} tasks of at most {_MOST_RUNS} runs at once, not {count}.")
    found = runs.list_named(session, [(dag_id, run_id) for run_id in by_run])
    return [Chosen(run, tuple(by_run[run.run_id]), do) for run in found]


def _pairs() -> Iterator[tuple[str, str]]:
    """Read `cells=`, no further than needed to see that it is too much."""
    every = (each.partition("/") for each in request.values.getlist("cells"))
    pairs = (
        (run, task) for runs_, _, tasks in every for run in runs_.split(",") for task in tasks.split(",")
    )
    return islice(((run, task) for run, task in pairs if run and task), MOST + 1)
