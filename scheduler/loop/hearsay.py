"""What listeners are told of something that happened: by which name, with what."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from scheduler.plugins.subjects import Asset, AssetEvent, DagRun, TaskInstance
from scheduler.store.listeners import FILE_BROKEN, Happening

_OF_TASK: Final = {
    "running": "on_task_instance_running",
    "success": "on_task_instance_success",
    "failed": "on_task_instance_failed",
    "up_for_retry": "on_task_instance_failed",
    "skipped": "on_task_instance_skipped",
}
_OF_RUN: Final = {
    "running": "on_dag_run_running",
    "success": "on_dag_run_success",
    "failed": "on_dag_run_failed",
}


@dataclass(frozen=True, slots=True)
class Saying:
    """One call: the name of the hook, and all that it may ask for."""

    hook: str
    arguments: dict[str, Any]


def sayings_of(row: Happening) -> list[Saying]:
    """Return the calls; none where nobody can listen for it, or what it was about is deleted."""
    match row.kind:
        case "run.state" if row.to_state in _OF_RUN and row.run["id"] is not None:
            run = _run(row.run, row.to_state)
            return [Saying(_OF_RUN[row.to_state], {"dag_run": run, "msg": row.reason})]
        case "task.state" if row.to_state in _OF_TASK and row.task["id"] is not None:
            return [Saying(_OF_TASK[row.to_state], _of_task(row))]
        case "asset.event":
            return _of_asset(row)
        case _ if row.kind == FILE_BROKEN:
            return [_of_file(row)]
        case _:
            return []


def _of_task(row: Happening) -> dict[str, Any]:
    task = row.task
    said = TaskInstance(
        dag_id=row.run["dag_id"],
        run_id=row.run["run_id"],
        map_index=_map_index(task["path"]),
        state=row.to_state or "",
        priority_weight=task["priority"],
        dag_run=_run(row.run, row.run["state"]),
        **{name: task[name] for name in _SAME},
    )
    return {"previous_state": row.from_state, "task_instance": said, "error": row.reason}


def _of_asset(row: Happening) -> list[Saying]:
    found, change = row.asset, row.change
    asset = (
        Asset(name=change["name"], uri=change["name"])
        if found["id"] is None
        else Asset(**{name: found[name] for name in ("name", "uri", "group", "extra")})
    )
    event = AssetEvent(
        asset=asset,
        timestamp=change["at"],
        extra=change["extra"],
        source_dag_id=change["dag_id"],
        source_run_id=change["run_id"],
        source_task_id=change["task_id"],
        source_map_index=_map_index(change["path"]),
        partition_key=change["partition_key"],
    )
    return [
        Saying("on_asset_changed", {"asset": asset}),
        Saying("on_asset_event_emitted", {"asset_event": event}),
    ]


def _of_file(row: Happening) -> Saying:
    hook = "on_new_dag_import_error" if row.from_state is None else "on_existing_dag_import_error"
    trace = row.file["error_traceback"] or row.file["error_message"] or ""
    return Saying(hook, {"filename": row.reason, "stacktrace": trace})


def _run(run: dict[str, Any], state: str) -> DagRun:
    return DagRun(**{each.name: run[each.name] for each in fields(DagRun)} | {"state": state})


#: Fields that the column has the same name of.
_SAME: Final = (
    *("task_id", "path", "try_number", "max_tries", "operator", "pool", "queue", "hostname"),
    *("queued_at", "start_date", "end_date"),
)


def _map_index(path: str) -> int:
    return int(path.partition(".")[0] or -1)
