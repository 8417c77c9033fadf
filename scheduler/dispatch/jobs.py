"""From a claim to the job that a child runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from scheduler.core.graph import TaskGraph
from scheduler.errors import NewerForm
from scheduler.store.claims import Claimed
from scheduler.wire import Job, RunInfo

_KINDS: dict[str, Literal["task", "dag_callback", "task_callback"]] = {
    "task": "task",
    "dag_callback": "dag_callback",
    "task_callback": "task_callback",
}


def job_of(claim: Claimed, graph: TaskGraph, code_root: Path) -> Job:
    """Make the job of a claimed attempt; `code_root` holds the snapshot that its run is pinned to.

    Raises NewerForm for a kind that this worker does not know.
    """
    payload = claim.payload or {}
    task = graph.tasks.get(claim.task_id)
    return Job(
        attempt_id=claim.id,
        epoch=claim.epoch,
        kind=_kind(claim),
        code_root=str(code_root),
        file=graph.spec.file,
        run=_run_info(claim),
        secret_params=tuple(each.name for each in graph.spec.params if each.is_declared_secret),
        choice_params=tuple(each.name for each in graph.spec.params if each.is_choice),
        task_id=claim.task_id,
        path=claim.path,
        try_number=claim.try_number,
        max_tries=claim.max_tries,
        excused=claim.excused,
        queued_at=_text(claim.queued_at),
        waiting_since=_text(claim.waiting_since),
        callback=str(payload.get("callback", "")),
        reason=str(payload.get("reason", "")),
        execution_timeout_s=task.execution_timeout_s if task else None,
        isolation=task.isolation if task else None,
        resume=dict(claim.resume) if claim.resume is not None and claim.kind == "task" else None,
    )


def _kind(claim: Claimed) -> Literal["task", "dag_callback", "task_callback"]:
    if claim.kind not in _KINDS:
        raise NewerForm("An attempt", repr(claim.kind), ", ".join(_KINDS))
    return _KINDS[claim.kind]


def _run_info(claim: Claimed) -> RunInfo:
    return RunInfo(
        dag_id=claim.dag_id,
        run_id=claim.run_id,
        run_type=claim.run_type,
        logical_date=_text(claim.logical_date),
        data_interval_start=_text(claim.data_interval_start),
        data_interval_end=_text(claim.data_interval_end),
        run_after=claim.run_after.isoformat(),
        start_date=_text(claim.run_start_date),
        queued_at=_text(claim.run_queued_at),
        conf=dict(claim.conf),
        params=dict(claim.params),
        triggered_by=claim.triggered_by,
        state=claim.run_state,
        partition_key=claim.partition_key,
        partition_date=_text(claim.partition_date),
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def about(claim: Claimed) -> dict[str, str | int]:
    """Return what a line of the worker's own log about an attempt carries (`log_fields`)."""
    return {
        "dag_id": claim.dag_id,
        "run_id": claim.run_id,
        "task_id": claim.task_id,
        "path": claim.path,
        "attempt_id": claim.id,
        "try_number": claim.try_number,
    }
