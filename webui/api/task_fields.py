"""What answers say of task instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scheduler.core.ids import TaskKey
from scheduler.core.states import TaskState
from scheduler.operations.rerun import Preview, RerunRequest
from scheduler.store.bundles import NAME
from scheduler.store.engine import Session
from scheduler.store.views.fields import duration_s
from scheduler.store.views.task_lists import TaskEntry, list_keys
from scheduler.store.views.tasks import Attempt
from webui.api.frame import Fields
from webui.context import spec_of


def described(
    session: Session, entries: Sequence[TaskEntry], notes: Mapping[int, str] | None = None
) -> list[dict[str, Any]]:
    """Describe task instances."""
    labels = _labels(session, entries)
    return [
        {
            **_common(each, labels),
            **_times(each),
            "id": each.task.id,
            "logical_date": each.logical_date,
            "run_after": each.run_after,
            "note": (notes or {}).get(each.task.id),
            "rendered_map_index": each.task.rendered_map_index,
            "rendered_fields": {},
            "trigger": None,
            "triggerer_job": None,
        }
        for each in entries
    ]


def tried(session: Session, entry: TaskEntry, attempts: Iterable[Attempt]) -> list[dict[str, Any]]:
    """Describe the attempts of a task instance."""
    common = _common(entry, _labels(session, [entry]))
    return [
        {
            **common,
            "start_date": each.start_date,
            "end_date": each.end_date,
            "duration": duration_s(each.start_date, each.end_date),
            "state": _STATES.get(each.state, each.state),
            "try_number": each.try_number,
            "hostname": each.hostname or None,
            "queued_when": each.queued_at,
            "scheduled_when": None,
            "reason": each.reason or None,
            "exit_code": each.exit_code,
            "cpu_seconds": each.cpu_s,
            "peak_memory_bytes": each.peak_memory_bytes,
        }
        for each in attempts
    ]


def tasks_again(session: Session, previews: Iterable[tuple[RerunRequest, Preview]]) -> Fields:
    """Describe what would run again, and what would be new."""
    found: list[dict[str, Any]] = []
    for wanted, preview in previews:
        keys = [TaskKey(each.task_id, each.path) for each in preview.tasks]
        found += described(session, list_keys(session, wanted.dag_id, wanted.run_id, keys))
        found += [{"task_id": each, "task_display_name": each} for each in preview.added]
    return {"task_instances": found, "total_entries": len(found)}


#: States of attempts that states of tasks have another word for.
_STATES = {"lost": "failed", "cancelled": "failed", "superseded": "failed"}


def _labels(session: Session, entries: Sequence[TaskEntry]) -> dict[tuple[int, str], str]:
    versions = {each.version_id for each in entries}
    specs = {version: spec_of(session, version) for version in sorted(versions)}
    return {
        (version, task.task_id): task.label or task.task_id
        for version, spec in specs.items()
        for task in spec.tasks
    }


def _common(entry: TaskEntry, labels: Mapping[tuple[int, str], str]) -> dict[str, Any]:
    task = entry.task
    return {
        "task_id": task.task_id,
        "task_display_name": labels.get((entry.version_id, task.task_id), task.task_id),
        "dag_id": entry.dag_id,
        "dag_display_name": entry.dag_display_name,
        "dag_run_id": entry.run_id,
        "map_index": int(task.path.partition(".")[0] or -1),
        "path": task.path,
        "max_tries": task.max_tries,
        "unixname": None,
        "pool": task.pool,
        "pool_slots": entry.pool_slots,
        "queue": task.queue,
        "priority_weight": task.priority,
        "operator": task.operator,
        "operator_name": task.operator,
        "pid": None,
        "executor": None,
        "executor_config": "{}",
        "dag_version": _version(entry),
    }


def _times(entry: TaskEntry) -> dict[str, Any]:
    task = entry.task
    return {
        "start_date": task.start_date,
        "end_date": task.end_date,
        "duration": duration_s(task.start_date, task.end_date),
        "state": None if task.state == TaskState.NONE else task.state,
        "try_number": task.try_number,
        "hostname": task.hostname or None,
        "queued_when": task.queued_at,
        "scheduled_when": task.scheduled_at,
        "reason": task.reason or None,
    }


def _version(entry: TaskEntry) -> Fields:
    return {
        "id": entry.version_id,
        "version_number": entry.version_number,
        "dag_id": entry.dag_id,
        "dag_display_name": entry.dag_display_name,
        "bundle_name": NAME,
        "bundle_version": entry.bundle_version,
        "bundle_url": None,
        "created_at": entry.version_at,
    }
