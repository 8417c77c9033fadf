"""Run again: tasks, what stands above or below them, what failed, or all; on the code of then or of now.

`preview_rerun` and `rerun` choose by the same rule, so that what a person was shown is what happens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from scheduler.core.dimensions import depth_of
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.instances import Scope, scopes_of, stands_in
from scheduler.core.loops import iterations_after
from scheduler.core.states import TaskState
from scheduler.errors import Conflict, NotFound, NothingToRerun
from scheduler.operations.conf import params_of
from scheduler.operations.finding import get_run, lock_run
from scheduler.operations.reopening import reopen
from scheduler.store.absent import nearest_task
from scheduler.store.attempts import cancel_attempts, lock_live_attempts
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.new_runs import task_rows, task_values
from scheduler.store.reruns import clear_tasks, judge_anew, load_conf, pin_run, renew_settings
from scheduler.store.runs import RunRow
from scheduler.store.tasks import TaskRow, insert_tasks, move_tasks, tasks_of_run
from scheduler.store.versions import load_graph
from scheduler.store.xcoms import delete_xcoms

#: What "only failed" means: what broke, and what could not run because of it.
BROKEN: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequest:
    """What is to run again. Without `tasks` the whole run is meant.

    A task without a path means all of its mapped instances. `only_failed` and `only_running` narrow what was chosen so
    far. `only_new`, with the code of now, adds what the run lacks and leaves what it has alone.
    """

    dag_id: str
    run_id: str
    tasks: tuple[str | TaskKey, ...] = ()
    upstream: bool = False
    downstream: bool = False
    only_failed: bool = False
    only_running: bool = False
    only_new: bool = False
    code: Literal["then", "now"] = "then"


@dataclass(frozen=True, slots=True)
class RerunTask:
    """A task instance that will run again, and the state that it is in."""

    task_id: str
    path: str
    state: TaskState


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rerun does: which instances run again, which tasks come and go with the code of now."""

    tasks: tuple[RerunTask, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    is_other_code: bool = False


class _Code(NamedTuple):
    """What a run is pinned to. `bundle_version` is not asked for where the run keeps its own."""

    version_id: int
    snapshot_id: int
    bundle_version: str | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """A request as it meets a run."""

    graph: TaskGraph
    code: _Code
    is_other_code: bool
    again: tuple[TaskRow, ...]  #: to be cleared
    later: tuple[TaskRow, ...]  #: iterations that follow on those: they go
    gone: tuple[TaskRow, ...]  #: no longer in the graph
    added: tuple[str, ...]  #: in the graph, and not yet in the run

    def preview(self) -> Preview:
        return Preview(
            tasks=tuple(RerunTask(row.task_id, row.path, row.state) for row in self.again),
            added=self.added,
            removed=tuple(sorted({row.task_id for row in self.gone})),
            is_other_code=self.is_other_code,
        )


def preview_rerun(session: Session, request: RerunRequest) -> Preview:
    """Return what `rerun` would do now. Raises as it does."""
    return _choose(session, get_run(session, request.dag_id, request.run_id), request).preview()


def rerun(session: Session, now: datetime, request: RerunRequest, *, actor: str) -> Preview:
    """Run tasks again as new attempts; return what was done. Earlier attempts keep their logs and times.

    Live attempts of the chosen tasks are cancelled first. With the code of now the run is pinned to the DAG's
    newest version and snapshot: tasks that the graph no longer has become removed, new ones are added. A
    run that had ended queues again. All under the run's lock: of two that clear a task, the second finds it
    cleared. Raises NotFound, BadParams where the new version wants params that the run lacks, and Conflict
    where nothing is there to run again.
    """
    run = lock_run(session, request.dag_id, request.run_id)
    choice = _choose(session, run, request)
    touched = [row.id for row in (*choice.again, *choice.later, *choice.gone)]
    live = lock_live_attempts(session, run.id, touched)
    cancel_attempts(session, now, live, f"rerun by {actor}", actor=actor)
    _clear(session, now, run, choice, actor)
    if choice.is_other_code:
        _change_code(session, now, run, choice, actor)
    reopen(session, now, run, actor=actor, reason=f"rerun by {actor}")
    return choice.preview()


def _choose(session: Session, run: RunRow, request: RerunRequest) -> _Choice:
    code = _code(session, run, request)
    graph = TaskGraph(load_graph(session, code.version_id))
    rows = tasks_of_run(session, run.id)
    is_other_code = code[:2] != (run.version_id, run.snapshot_id)
    known = {row.task_id for row in rows if _fits(row, graph)}
    added = tuple(each for each in graph.order if each not in known) if is_other_code else ()
    chosen, later = _without_later(graph, _chosen(graph, rows, request), rows)
    if request.only_new:
        chosen, later = [], []
    if not chosen and not added:
        raise NothingToRerun(f"Run {run.run_id!r} has nothing to run again: {_why_nothing(request)}.")
    return _Choice(
        graph,
        code,
        is_other_code,
        again=tuple(row for row in chosen if row.state is not TaskState.NONE),
        later=tuple(later),
        gone=tuple(row for row in rows if _is_gone(row, graph)) if is_other_code else (),
        added=added,
    )


def _code(session: Session, run: RunRow, request: RerunRequest) -> _Code:
    if request.code == "then":
        return _Code(run.version_id, run.snapshot_id)
    dag = get_dag(session, run.dag_id)
    if dag.retired_at is not None:
        raise Conflict(f"DAG {run.dag_id!r} is retired: there is no code of now. Rerun on the code of then.")
    return _Code(dag.version_id, dag.snapshot_id, dag.bundle_version)


def _is_gone(row: TaskRow, graph: TaskGraph) -> bool:
    return not _fits(row, graph) and row.state is not TaskState.REMOVED


def _fits(row: TaskRow, graph: TaskGraph) -> bool:
    """Tell whether the graph has such an instance, or a stem of such: the task may be mapped no longer."""
    return row.task_id in graph.tasks and depth_of(row.path) <= graph.dimensions.depth(row.task_id)


def _is_surplus(row: TaskRow, graph: TaskGraph) -> bool:
    """Tell whether an instance went because there was less to map over: only the planner brings it back."""
    return row.state is TaskState.REMOVED and graph.dimensions.depth(row.task_id) > 0


def meant_by(graph: TaskGraph, rows: Sequence[TaskRow], request: RerunRequest) -> list[TaskRow]:
    """Return the instances that a request names, with those above and below that it wants; none that left the graph.

    Raises NotFound for a task that there is not.
    """
    candidates = [row for row in rows if _fits(row, graph) and not _is_surplus(row, graph)]
    if not request.tasks:
        return candidates
    keys = {key for each in request.tasks for key in _named(rows, graph, each)}
    around = _around(graph, keys, request)
    return [row for row in candidates if row.key in keys or stands_in(row.key, around)]


def _chosen(graph: TaskGraph, rows: Sequence[TaskRow], request: RerunRequest) -> list[TaskRow]:
    """Return the instances that run again, in order of the graph."""
    candidates = meant_by(graph, rows, request)
    if request.only_failed:
        candidates = [row for row in candidates if row.state in BROKEN]
    if request.only_running:
        candidates = [row for row in candidates if row.state is TaskState.RUNNING]
    candidates += _framing(graph, rows, candidates)
    return sorted(candidates, key=lambda row: (graph.index[row.task_id], row.id))


def _framing(graph: TaskGraph, rows: Sequence[TaskRow], chosen: Sequence[TaskRow]) -> list[TaskRow]:
    """Return the setups and teardowns that run again with these: in a mapped group those of the same index."""
    if not graph.setups:
        return []
    by_task: defaultdict[str, set[TaskKey]] = defaultdict(set)
    for row in chosen:
        by_task[row.task_id].add(row.key)
    places: set[Scope] = set()
    for task_id, keys in by_task.items():
        around = graph.framing({task_id})
        places |= {scope for key in keys for scope in scopes_of(graph, key, around)}
    there = {row.key for row in chosen}
    return [row for row in rows if row.key not in there and stands_in(row.key, places)]


def _without_later(
    graph: TaskGraph, chosen: Sequence[TaskRow], rows: Sequence[TaskRow]
) -> tuple[list[TaskRow], list[TaskRow]]:
    """Return what runs again, of a loop the earliest that was chosen, and the iterations after it, which go."""
    again = list(chosen)
    later: dict[int, TaskRow] = {}
    for task_id in sorted(graph.loops):
        there = {row.path: row for row in rows if row.task_id == task_id and not _is_surplus(row, graph)}
        chosen_here = [row for row in chosen if row.task_id == task_id]
        of_task = {row.path for row in chosen_here if not graph.dimensions.is_stem(row.key)}
        paths = {each for path in of_task for each in iterations_after(path, there)}
        later |= {there[path].id: there[path] for path in paths}
    return [row for row in again if row.id not in later], list(later.values())


def _named(rows: Sequence[TaskRow], graph: TaskGraph, wanted: str | TaskKey) -> list[TaskKey]:
    task_id, path = wanted if isinstance(wanted, TaskKey) else (wanted, None)
    found = [row.key for row in rows if row.task_id == task_id and path in (None, row.path)]
    if not found and task_id not in graph.tasks:
        name = f"{task_id}[{path}]" if path else task_id
        raise NotFound("task", name, hint=nearest_task(task_id, graph.tasks))
    return found


def _around(graph: TaskGraph, keys: Collection[TaskKey], request: RerunRequest) -> set[Scope]:
    """Return where the instances above and below stand: in a mapped group those of the same index."""
    scopes: set[Scope] = set()
    tasks = {key.task_id for key in keys if key.task_id in graph.tasks}
    reached = {each: _reached(graph, each, request) for each in tasks}
    for key in keys:
        scopes |= scopes_of(graph, key, reached.get(key.task_id, ()))
    return scopes


def _reached(graph: TaskGraph, task_id: str, request: RerunRequest) -> set[str]:
    above = graph.ancestors([task_id]) if request.upstream else set()
    below = graph.descendants([task_id]) if request.downstream else set()
    return above | below


def _why_nothing(request: RerunRequest) -> str:
    if request.only_new:
        return "the code of now has no task that it lacks"
    if request.only_running:
        return "none of the chosen tasks runs"
    return "none of the chosen tasks failed" if request.only_failed else "it has no such tasks"


def _clear(session: Session, now: datetime, run: RunRow, choice: _Choice, actor: str) -> None:
    """Let each task start afresh, with all its retries; what it handed on is forgotten."""
    by_retries: defaultdict[int, list[int]] = defaultdict(list)
    for row in choice.again:
        by_retries[choice.graph.tasks[row.task_id].retries].append(row.id)
    for retries, ids in sorted(by_retries.items()):
        clear_tasks(session, now, ids, retries=retries, actor=actor)
    delete_xcoms(session, run.id, [row.key for row in (*choice.again, *choice.later)])
    _remove(session, now, choice.later, actor, "an earlier iteration runs again")


def _change_code(session: Session, now: datetime, run: RunRow, choice: _Choice, actor: str) -> None:
    spec = choice.graph.spec
    pin_run(
        session,
        run.id,
        **choice.code._asdict(),
        params=params_of(spec, load_conf(session, run.id)),
        max_active_tasks=spec.max_active_tasks,
    )
    renew_settings(session, run.id, [task_values(choice.graph, run.id, each) for each in choice.graph.order])
    _remove(session, now, choice.gone, actor, "the task is not part of the code of now")
    insert_tasks(session, [row for each in choice.added for row in task_rows(choice.graph, run.id, each)])
    # New tasks may stand below tasks that have ended, and what waited may wait for nothing any more.
    judge_anew(session, run.id)


def _remove(session: Session, now: datetime, gone: Sequence[TaskRow], actor: str, reason: str) -> None:
    """Take tasks out of the run. By way of `none`, the one state that every other one may open to."""
    ids = [row.id for row in gone]
    move_tasks(session, now, ids, TaskState.NONE, actor=actor, reasons=dict.fromkeys(ids, reason))
    values = {"end_date": now, "reason": reason, "changed": False}
    move_tasks(session, now, ids, TaskState.REMOVED, values=values, actor=actor)
