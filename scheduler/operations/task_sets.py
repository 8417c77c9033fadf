"""Clear or mark tasks of one run or of many, with a preview that chooses as the deed does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.states import TaskState
from scheduler.errors import Conflict, NotFound, NothingToRerun, TooMany
from scheduler.operations.finding import get_run, lock_run
from scheduler.operations.mark import Mark, mark_rows
from scheduler.operations.notes import check_note
from scheduler.operations.rerun import Preview, RerunRequest, meant_by, preview_rerun, rerun
from scheduler.store.attempts import lock_live_attempts
from scheduler.store.choices import Choice, Range
from scheduler.store.engine import Session
from scheduler.store.notes import write_task_notes
from scheduler.store.runs import RunRow
from scheduler.store.tasks import TaskRow, tasks_of_run
from scheduler.store.versions import load_graph
from scheduler.store.views.run_lists import RunsWanted, list_runs

#: Runs that one request is about.
MOST_RUNS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which runs of a DAG are meant: around one, or between two logical dates."""

    run_id: str | None = None
    future: bool = False
    past: bool = False
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A task instance that is marked, or would be."""

    run_id: str
    key: TaskKey


def runs_in(session: Session, dag_id: str, span: Span) -> list[str]:
    """Return the runs that a span means, the oldest first. Raises NotFound, and TooMany for more than 500."""
    if span.run_id is not None and not (span.future or span.past):
        return [get_run(session, dag_id, span.run_id).run_id]
    bounds = _bounds(session, dag_id, span)
    choice = Choice(among={"dag_id": [dag_id]}, ranges=bounds, order=("logical_date", "run_after"))
    found = list_runs(session, choice, RunsWanted(), limit=MOST_RUNS + 1)
    if len(found) > MOST_RUNS:
        raise TooMany("runs", MOST_RUNS)
    names = [each.run.run_id for each in found]
    return names if span.run_id in (None, *names) else [str(span.run_id), *names]


def _bounds(session: Session, dag_id: str, span: Span) -> dict[str, Range]:
    if span.run_id is None:
        return {"logical_date": Range(gte=span.start, lte=span.end)}
    run = get_run(session, dag_id, span.run_id)
    name, at = ("logical_date", run.logical_date) if run.logical_date else ("run_after", run.run_after)
    return {name: Range(gte=None if span.past else at, lte=None if span.future else at)}


def preview_clears(session: Session, request: RerunRequest, span: Span) -> list[tuple[RerunRequest, Preview]]:
    """Return what `clear_tasks` would do: of each run that has something to run again, what."""
    wanted = [replace(request, run_id=each) for each in runs_in(session, request.dag_id, span)]
    is_one = len(wanted) == 1
    found = [(each, _preview(session, each, must_know=is_one)) for each in wanted]
    return [(each, preview) for each, preview in found if preview.tasks or preview.added]


def _preview(session: Session, request: RerunRequest, *, must_know: bool) -> Preview:
    """Return the preview of one run; nothing where nothing can run again, or an older run has no such task."""
    try:
        return preview_rerun(session, request)
    except NothingToRerun:
        return Preview(tasks=())
    except NotFound:
        if must_know:
            raise
        return Preview(tasks=())


def clear_tasks(
    session: Session,
    now: datetime,
    request: RerunRequest,
    span: Span,
    *,
    unless_running: bool = False,
    note: str | None = None,
    actor: str,
) -> list[tuple[RerunRequest, Preview]]:
    """Run tasks again in all runs of a span; return what was cleared. Raises as `rerun` does.

    A run in which somebody else has cleared them meanwhile is left alone. With `unless_running` raises Conflict where
    one of them runs now.
    """
    if unless_running:
        _hold_still(session, request.dag_id, runs_in(session, request.dag_id, span))
    chosen = preview_clears(session, request, span)
    running = [each for _, preview in chosen for each in preview.tasks if each.state is TaskState.RUNNING]
    if unless_running and running:
        raise Conflict(
            f"Task {running[0].task_id!r} is running, and nothing was cleared: wait until it has ended."
        )
    cleared = [(each, _rerun(session, now, each, actor)) for each, _ in chosen]
    done = [(each, preview) for each, preview in cleared if preview is not None]
    if note is not None:
        for each, preview in done:
            keys = {TaskKey(task.task_id, task.path) for task in preview.tasks}
            _write_notes(session, lock_run(session, each.dag_id, each.run_id), keys, note)
    return done


def _hold_still(session: Session, dag_id: str, run_ids: Sequence[str]) -> None:
    """Have no task of these runs start until the end of the transaction."""
    for run_id in run_ids:
        lock_live_attempts(session, lock_run(session, dag_id, run_id).id)


def _rerun(session: Session, now: datetime, request: RerunRequest, actor: str) -> Preview | None:
    try:
        return rerun(session, now, request, actor=actor)
    except NothingToRerun:
        return None


def preview_marks(session: Session, request: RerunRequest, span: Span, to: Mark | None) -> list[Marked]:
    """Return what `mark_tasks` would change: those that are in that state already are left alone."""
    return [
        Marked(run.run_id, row.key)
        for run, rows in _marked(session, request, span)
        for row in rows
        if to is None or row.state != to
    ]


def mark_tasks(
    session: Session,
    now: datetime,
    request: RerunRequest,
    span: Span,
    *,
    to: Mark | None,
    note: str | None = None,
    actor: str,
) -> list[Marked]:
    """Set the state of tasks in all runs of a span, their notes, or both; return which. Raises NotFound."""
    done: list[Marked] = []
    for run_id in runs_in(session, request.dag_id, span):
        run = lock_run(session, request.dag_id, run_id)
        rows = _meant(session, run, request)
        if note is not None:
            _write_notes(session, run, {row.key for row in rows}, note)
        wanted = [row for row in rows if to is None or row.state != to]
        if to is not None and wanted:
            mark_rows(session, now, run, wanted, to, actor=actor)
        done += [Marked(run_id, row.key) for row in wanted]
    return done


def _marked(session: Session, request: RerunRequest, span: Span) -> list[tuple[RunRow, list[TaskRow]]]:
    runs = [get_run(session, request.dag_id, each) for each in runs_in(session, request.dag_id, span)]
    return [(run, _meant(session, run, request)) for run in runs]


def _meant(session: Session, run: RunRow, request: RerunRequest) -> list[TaskRow]:
    graph = TaskGraph(load_graph(session, run.version_id))
    try:
        rows = meant_by(graph, tasks_of_run(session, run.id), request)
    except NotFound:
        if run.run_id == request.run_id:
            raise
        return []
    named = {each.task_id for each in request.tasks if isinstance(each, TaskKey)}
    if run.run_id == request.run_id and named and not named & {row.task_id for row in rows}:
        raise NotFound("task instance", ", ".join(sorted(named)))
    return rows


def _write_notes(session: Session, run: RunRow, keys: set[TaskKey], note: str) -> None:
    tasks: Sequence[TaskRow] = tasks_of_run(session, run.id)
    write_task_notes(session, {row.id: run.id for row in tasks if row.key in keys}, check_note(note))
