"""Cancel a run."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from scheduler.core.ids import named
from scheduler.core.states import UNFINISHED, TaskState
from scheduler.operations.cancel import cancel_run, state_once_stopped
from scheduler.security.rights import Right
from scheduler.store.views import runs
from webui.context import actor, now, reading, writing
from webui.filters import command, run_url
from webui.fragments import is_sheet
from webui.rights import needs
from webui.tongues.speaking import gettext, ngettext

blueprint = Blueprint("cancel", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/cancel")


@blueprint.get("")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show which tasks would be stopped."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        unfinished = [task for task in runs.list_tasks(session, run.id) if task.state in UNFINISHED]
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=gettext("Cancel the run"),
        run=run,
        action=run_url(dag_id, run_id, "cancel.start"),
        hidden=[],
        effect=gettext("Running tasks are stopped, the others never start, and the run ends as failed."),
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
    count = writing(lambda session: cancel_run(session, now(), dag_id, run_id, actor=actor()))
    flash(
        ngettext(
            "The run was cancelled, %(num)s task with it.",
            "The run was cancelled, %(num)s tasks with it.",
            count,
        )
    )
    return redirect(run_url(dag_id, run_id), 303)
