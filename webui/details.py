"""All that is known of one task instance, read at once for its page and for the panel beside the grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scheduler.core.states import FINISHED, TaskState
from scheduler.errors import NotFound
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LogLine
from scheduler.logs.masking import masked_conf
from scheduler.operations.explain import explain_task
from scheduler.store.notes import task_notes
from scheduler.store.views import runs, tasks
from scheduler.wire import DagSpec, Data, TaskSpec
from webui import tree
from webui.context import reading, spec_of


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """One task instance with its run and attempts."""

    run: runs.Run
    task: runs.Task
    spec: TaskSpec | None
    attempts: tuple[tasks.Attempt, ...]
    followers: tuple[str, ...]
    note: str
    given: Data  #: the params of the run, without secrets

    @property
    def newest(self) -> tasks.Attempt | None:
        """The last attempt, if there was one."""
        return self.attempts[-1] if self.attempts else None


def task_details(dag_id: str, run_id: str, task_id: str, path: str = "") -> TaskDetails:
    """Read one task instance; of a mapped task without a path that one which most wants to be looked at.

    Raises NotFound.
    """
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        task = tasks.find_shown(session, run.id, task_id, path)
        spec = spec_of(session, run.version_id)
        attempts = [each for each in tasks.list_attempts(session, task.id) if each.kind == "task"]
        note = task_notes(session, [task.id]).get(task.id, "")
    return TaskDetails(
        run,
        task,
        _task_spec(spec, task_id),
        tuple(attempts),
        tuple(tree.downstream(spec, task_id)),
        note,
        masked_conf(run.params, spec.params),
    )


def _task_spec(spec: DagSpec, task_id: str) -> TaskSpec | None:
    return next((task for task in spec.tasks if task.task_id == task_id), None)


def log_address(details: TaskDetails, attempt_id: int) -> LogAddress:
    """Return where the log of one of the task's attempts lies.

    Raises NotFound for an attempt that is not this task's.
    """
    if all(attempt.id != attempt_id for attempt in details.attempts):
        raise NotFound("attempt", str(attempt_id))
    return LogAddress(
        dag_id=details.run.dag_id,
        run_id=details.run.run_id,
        task_id=details.task.task_id,
        path=details.task.path,
        attempt_id=attempt_id,
    )


def one_by_one(lines: Iterable[LogLine]) -> list[LogLine]:
    """Return lines so that each is one on the page: a record of many, such as a traceback, has its time once."""
    return [
        replace(line, text=text, at=None if place else line.at)
        for line in lines
        for place, text in enumerate(line.text.split("\n"))
    ]


def why_not_running(details: TaskDetails) -> list[str]:
    """Return why a task that has not ended does not run, in the planner's own words."""
    if details.task.state in FINISHED or details.task.state == TaskState.RUNNING:
        return []
    run, task = details.run, details.task
    with reading() as session:
        return explain_task(session, run.dag_id, run.run_id, task.task_id, path=task.path)
