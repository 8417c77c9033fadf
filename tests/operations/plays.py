"""Runs in whatever state a test needs, made by the same movers that the loop and the workers use."""

from __future__ import annotations

from scheduler.core.states import RunState, TaskState
from scheduler.operations.trigger import trigger_run
from scheduler.store.claims import claim_attempts
from scheduler.store.runs import find_run, move_runs
from scheduler.store.tasks import move_tasks, tasks_of_run
from scheduler.store.tickets import queue_tasks
from scheduler.store.workers import register_worker
from tests.store.specs import NOW, add_dag


def started_run(session, dag_spec=None, *, run_id="r1", states=(), ended=None):
    """Add a DAG and a run of it that has started; put tasks into `states`, and end the run where asked."""
    version = add_dag(session, dag_spec)
    ref = trigger_run(session, NOW, version.dag_id, run_id=run_id, actor="user:ada")
    move_runs(session, NOW, [ref.run_pk], RunState.RUNNING, values={"start_date": NOW})
    for task_id, state in dict(states).items():
        put(session, ref, task_id, state)
    if ended:
        move_runs(session, NOW, [ref.run_pk], RunState(ended))
    return ref


def put(session, ref, task_id, state):
    """Bring a task that has not begun into a state."""
    ids = [row.id for row in tasks_of_run(session, ref.run_pk) if row.task_id == task_id]
    if state in ("scheduled", "queued", "running"):
        move_tasks(session, NOW, ids, TaskState.SCHEDULED, values={"scheduled_at": NOW})
    if state in ("queued", "running"):
        queue_tasks(session, NOW, ids)
    if state == "running":
        worker(session)
        claimed = claim_attempts(
            session, NOW, worker_id="w1", hostname="host", queues=["default"], limit=1, lease_s=60.0
        )
        assert [each.task_id for each in claimed] == [task_id]
    if state in ("success", "failed", "upstream_failed", "skipped"):
        move_tasks(session, NOW, ids, TaskState(state), values={"end_date": NOW, "try_number": 1})


def worker(session, *, queues=("default",), slots=4):
    """Have a worker live."""
    register_worker(
        session,
        NOW,
        worker_id="w1",
        hostname="host",
        pid=1,
        queues=queues,
        slots=slots,
        version="1",
        lease_s=60.0,
    )


def states_of(db, ref):
    """Return the states of a run's tasks by task_id."""
    with db.read() as session:
        return {row.task_id: str(row.state) for row in tasks_of_run(session, ref.run_pk)}


def run_of(db, ref):
    """Return a run as it stands."""
    with db.read() as session:
        return find_run(session, ref.dag_id, ref.run_id)
