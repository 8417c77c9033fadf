"""Cancel a run."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from scheduler.core.ids import named
from scheduler.core.states import UNFINISHED, TaskState
from scheduler.operations.cancel import cancel_run, state_once_stopped
from scheduler.security.rights import Right
from scheduler.store.views import runs
from webui.context import actor, now, reading, writing
from webui.filters import command, run_url
from webui.fragments import LONGEST_UNDO, is_sheet
from webui.picks import MOST
from webui.rights import needs
from webui.tongues.speaking import gettext, ngettext

blueprint = Blueprint("cancel", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/cancel")


@blueprint.get("")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show which tasks would be stopped."""
    run, unfinished = _unfinished(dag_id, run_id)
    effect = gettext("Running tasks are stopped, the others never start, and the run ends as failed.")
    back = gettext("It can be taken back: what has not started waits again, what was stopped begins anew.")
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=gettext("Cancel the run"),
        run=run,
        action=run_url(dag_id, run_id, "cancel.start"),
        hidden=[],
        effect=f"{effect} {back}" if _undo(run, unfinished) else effect,
        changes=[
            (named(each.task_id, each.path), each.state, state_once_stopped(TaskState(each.state)))
            for each in unfinished
        ],
        line=command("runs", "cancel", dag_id, run_id),
        button=gettext("Cancel the run"),
    )


@blueprint.post("")
@needs(Right.DAG_RUN)
def start(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Cancel it."""
    run, unfinished = _unfinished(dag_id, run_id)
    count = writing(lambda session: cancel_run(session, now(), dag_id, run_id, actor=actor()))
    flash(
        ngettext(
            "The run was cancelled, %(num)s task with it.",
            "The run was cancelled, %(num)s tasks with it.",
            count,
        ),
        _undo(run, unfinished),
    )
    return redirect(run_url(dag_id, run_id), 303)


def _unfinished(dag_id: str, run_id: str) -> tuple[runs.Run, list[runs.Task]]:
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        return run, [task for task in runs.list_tasks(session, run.id) if task.state in UNFINISHED]


def _undo(run: runs.Run, unfinished: Sequence[runs.Task]) -> str:
    """Return where the run is gone on with: what was stopped runs again, with a preview; empty where it is too much."""
    picks = [named(each.task_id, each.path) for each in unfinished]
    address = run_url(run.dag_id, run.run_id, "rerun.form", scope="task", pick=picks)
    return address if 0 < len(picks) <= MOST and len(address) <= LONGEST_UNDO else ""
