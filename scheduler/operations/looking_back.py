"""What a task asks of runs before its own and of its own past: verbs of `sdk.channel`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scheduler.clock import parse_instant
from scheduler.operations.finding import get_run
from scheduler.store import Session
from scheduler.store.looking_back import count_instances, count_reschedules, last_success
from scheduler.wire import Data, Job, Json


def _previous_success(session: Session, job: Job, args: Data) -> Json:
    if job.run.logical_date is None:
        return {}
    found = last_success(session, job.run.dag_id, parse_instant(job.run.logical_date))
    instants = {} if found is None else found._asdict()
    return {name: None if instant is None else instant.isoformat() for name, instant in instants.items()}


def _instance_count(session: Session, job: Job, args: Data) -> int:
    run_pk = get_run(session, job.run.dag_id, job.run.run_id).id
    return count_instances(session, run_pk, job.task_id, job.path)


def _reschedule_count(session: Session, job: Job, args: Data) -> int:
    return count_reschedules(session, job.attempt_id)


LOOKING_BACK: Final[dict[str, Callable[[Session, Job, Data], Json]]] = {
    "previous_success": _previous_success,
    "instance_count": _instance_count,
    "reschedule_count": _reschedule_count,
}
