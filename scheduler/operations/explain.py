"""Why is a task not running? In the words of the planner and the limits themselves: the two never differ."""

from __future__ import annotations

from datetime import UTC, datetime

from scheduler.core.admission import admit
from scheduler.core.graph import TaskGraph
from scheduler.core.instances import judge_instance, waits_for
from scheduler.core.plan import States, needed, why
from scheduler.core.states import FINISHED, RunState, TaskState
from scheduler.operations.finding import get_run, get_task
from scheduler.store import facts
from scheduler.store.backfills import backfill_of_run
from scheduler.store.engine import Session
from scheduler.store.instances import count_within
from scheduler.store.limits import candidate_of, limits_of, load_scheduled, queue_slots
from scheduler.store.questions import open_questions_of
from scheduler.store.run_queue import standing_of
from scheduler.store.runs import RunRow, previous_run
from scheduler.store.scheduled import occupancy
from scheduler.store.tasks import TaskRow, states_of, tasks_named
from scheduler.store.versions import load_graph
from scheduler.store.waits import shown_wait
from scheduler.store.workers import live_workers


def explain_task(session: Session, dag_id: str, run_id: str, task_id: str, *, path: str = "") -> list[str]:
    """Return the reasons why a task instance is not running, each a sentence; empty when nothing holds it.

    Reads what stands now; nothing is locked. Raises NotFound.
    """
    run = get_run(session, dag_id, run_id)
    task = get_task(session, run, task_id, path)
    if task.state in FINISHED:
        return [f"It has ended as {task.state}{_because(facts.reason_of(session, task.id))}."]
    return [f"{reason[0].upper()}{reason[1:]}." for reason in _reasons(session, run, task)]


def _because(reason: str) -> str:
    return f": {reason.rstrip('.')}" if reason else ""


def _reasons(session: Session, run: RunRow, task: TaskRow) -> list[str]:
    if run.is_aside:
        return [run.reason.rstrip(".")]
    if run.state is RunState.QUEUED:
        return [*_no_scheduler(session), _why_run_waits(session, run)]
    match task.state:
        case TaskState.NONE:
            return [*_no_scheduler(session), *_why_none(session, run, task)]
        case TaskState.SCHEDULED:
            return [*_no_scheduler(session), *_why_scheduled(session, run, task)]
        case TaskState.QUEUED:
            return [_why_queued(session, task)]
        case TaskState.UP_FOR_RETRY | TaskState.UP_FOR_RESCHEDULE:
            return [*_no_scheduler(session), _until(session, task)]
        case TaskState.DEFERRED | TaskState.AWAITING_INPUT:
            return [(_why_deferred if task.state is TaskState.DEFERRED else _why_asking)(session, task)]
        case _:
            return []


def _no_scheduler(session: Session) -> list[str]:
    if facts.has_leader(session):
        return []
    return ["no scheduler is running; start one with `dirigent up` or `dirigent scheduler`"]


def _why_run_waits(session: Session, run: RunRow) -> str:
    if (row := backfill_of_run(session, run.id)) is not None:
        if row.is_paused:
            return f"its run waits: backfill {row.id} is paused; resume it"
        return f"its run waits: at most {row.max_active_runs} runs of backfill {row.id} at once (max_active_runs)"
    standing = standing_of(session, run)
    if standing is None:
        return f"DAG {run.dag_id!r} is gone"
    if standing.is_held:
        return f"its run waits: DAG {run.dag_id!r} is paused, which holds scheduled runs; resume it"
    if standing.may_start:
        return "its run is about to start"
    ahead = f", {standing.place - 1} queued before it" if standing.place > 1 else ""
    words = f"{standing.running} of at most {standing.max_active_runs} runs of the DAG are running{ahead}"
    return f"its run waits: {words} (max_active_runs)"


def _why_none(session: Session, run: RunRow, task: TaskRow) -> list[str]:
    graph = TaskGraph(load_graph(session, run.version_id))
    if task.task_id not in graph.tasks:
        return ["the task is not part of the code that its run is pinned to"]
    if graph.is_mapped:
        return [_why_no_start(session, run, graph, task)]
    names = needed(graph, {task.key: task.state}) | {task.task_id}
    states = states_of(tasks_named(session, run.id, names))
    return why(graph, task.key, states, past=_past(session, run, graph, task.task_id)) or [
        "it is about to be planned"
    ]


def _why_no_start(session: Session, run: RunRow, graph: TaskGraph, task: TaskRow) -> str:
    """Ask the planner about one instance of a graph with mapped tasks."""
    scopes = waits_for(graph, task.key)
    counts = count_within(session, run.id, scopes, graph.dimensions.depth, graph.loops)
    past = _past(session, run, graph, task.task_id)
    return judge_instance(graph, task.key, counts, past=past).reason or "it is about to be planned"


def _past(session: Session, run: RunRow, graph: TaskGraph, task_id: str) -> States | None:
    spec = graph.tasks[task_id]
    before = previous_run(session, run) if spec.depends_on_past or spec.wait_for_downstream else None
    if before is None:
        return None
    return states_of(tasks_named(session, before.id, {task_id} | graph.downstream(task_id)))


def _why_scheduled(session: Session, run: RunRow, task: TaskRow) -> list[str]:
    """Ask the gate that admits tasks, for this one alone."""
    waiting = load_scheduled(session, task.id)
    if waiting is None:
        return []
    if facts.is_stopping(session, task.id):
        return ["its earlier attempt is still being stopped"]
    spec = TaskGraph(load_graph(session, run.version_id)).tasks.get(task.task_id)
    slots = queue_slots(live_workers(session))
    held = admit([candidate_of(waiting, spec)], limits_of([waiting], occupancy(session), slots)).held
    if held:
        return [each.reason for each in held]
    before = facts.count_before(session, waiting)
    return [f"{before} tasks of its queue and pool go first" if before else "it is about to be queued"]


def _why_queued(session: Session, task: TaskRow) -> str:
    queue = facts.queue_of(session, task.id)
    listening = [worker for worker in live_workers(session) if queue in worker.queues]
    if not listening:
        return f"no live worker listens to queue {queue!r}; start one with `dirigent worker --queues {queue}`"
    slots = sum(worker.slots for worker in listening)
    busy = sum(worker.busy for worker in listening)
    return f"it waits for a worker of queue {queue!r} to take it: {busy} of {slots} slots are busy"


def _until(session: Session, task: TaskRow) -> str:
    at = facts.retry_at(session, task.id)
    when = _instant(at) if at else "its time comes"
    if task.state is TaskState.UP_FOR_RESCHEDULE:
        since = facts.waiting_since(session, task.id)
        return f"it looks again at {when}" + (f"; it waits since {_instant(since)}" if since else "")
    return f"it failed and runs again at {when}, as try {task.try_number + 1} of {task.max_tries}"


def _why_deferred(session: Session, task: TaskRow) -> str:
    waiting = shown_wait(session, task.id)
    if waiting is None:
        return "it waits for an event, without a slot"
    limit = f", until {_instant(waiting.timeout_at)} at most" if waiting.timeout_at else ""
    words = f"it {waiting.words} since {_instant(waiting.since)}{limit}, without a slot"
    if waiting.hostname is None:
        return f"{words}; {_why_unwatched(session, task)}"
    last = f"; its trigger said last: {waiting.said[-1]}" if waiting.said else ""
    return f"{words}; worker {waiting.hostname} watches it{last}"


def _why_asking(session: Session, task: TaskRow) -> str:
    asked = open_questions_of(session, [task.id]).get(task.id)
    if asked is None:
        return "it waits for an answer, without a slot"
    who = ", ".join(str(each.get("name") or each["id"]) for each in asked.assigned_users)
    until = f", until {_instant(asked.timeout_at)} at most" if asked.timeout_at else ""
    whom = f"one of {who}" if who else "a person"
    return f"it asks {whom} since {_instant(asked.created_at)}{until}, without a slot: “{asked.subject}”"


def _why_unwatched(session: Session, task: TaskRow) -> str:
    queue = facts.queue_of(session, task.id)
    if any(queue in worker.queues and worker.has_waiter for worker in live_workers(session)):
        return "a worker is about to watch it"
    return (
        f"no live worker of queue {queue!r} watches waits; start one with `dirigent worker --queues {queue}`"
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
