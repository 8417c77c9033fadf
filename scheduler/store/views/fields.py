"""Records as API and command line name their fields, which are Airflow's where the thing is the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from scheduler.core.cost import Prices
from scheduler.store.bundles import NAME, BundleRow
from scheduler.store.connections import Connection, ConnectionRef
from scheduler.store.dag_files import FileRecord, ImportFault
from scheduler.store.dags import DagRow
from scheduler.store.pools import Pool
from scheduler.store.questions import QuestionRow
from scheduler.store.state_stores import StateRow
from scheduler.store.variables import VariableRef
from scheduler.store.views.commits import commit_url
from scheduler.store.views.costs import Spent
from scheduler.store.views.files import PythonFile
from scheduler.store.views.runs import Run, Task
from scheduler.wire import Data

#: What stands for a secret that is not shown.
MASK: Final = "***"


def dag_fields(dag: DagRow, tags: Sequence[str]) -> dict[str, Any]:
    """Describe a DAG."""
    return {
        "dag_id": dag.dag_id,
        "dag_display_name": dag.display_name or dag.dag_id,
        "is_paused": dag.is_paused,
        "is_stale": dag.retired_at is not None,
        "description": dag.description or None,
        "relative_fileloc": dag.file,
        "owners": [dag.owner] if dag.owner else [],
        "tags": [{"name": name} for name in tags],
        "max_active_runs": dag.max_active_runs,
        "next_dagrun_run_after": dag.next_run_at,
        "aside_reason": dag.aside_reason or None,
        "last_parsed_time": dag.last_parsed_at,
        "bundle_name": NAME,
        "bundle_version": dag.bundle_version,
    }


def question_fields(row: QuestionRow) -> dict[str, Any]:
    """Describe what a task asked, and the answer."""
    by = row.responded_by
    return {
        "subject": row.subject,
        "body": row.body,
        "options": row.options,
        "defaults": row.defaults,
        "multiple": row.multiple,
        "params": row.params,
        "assigned_users": row.assigned_users,
        "created_at": row.created_at,
        "response_timeout_at": row.timeout_at,
        "response_received": row.responded_at is not None,
        "responded_at": row.responded_at,
        "responded_by_user": None if by is None else {"id": by, "name": by},
        "chosen_options": row.chosen_options,
        "params_input": row.params_input or {},
        "task_instance": {
            "dag_id": row.dag_id,
            "dag_run_id": row.run_id,
            "task_id": row.task_id,
            "map_index": int(row.path) if row.path.isdecimal() else -1,
            "path": row.path,
            "try_number": row.try_number,
            "state": row.task_state,
        },
    }


def state_fields(row: StateRow) -> dict[str, Any]:
    """Describe one value that a task keeps."""
    return {
        "key": row.key,
        "value": row.value,
        "updated_at": row.updated_at,
        "expires_at": row.expires_at,
    }


def import_error_fields(record: FileRecord) -> dict[str, Any]:
    """Describe a file that cannot be imported."""
    fault = record.error
    return {
        "filename": record.path,
        "timestamp": fault and fault.since,
        "error_type": fault and fault.type,
        "message": fault and fault.message,
        "lineno": fault and fault.lineno,
        "stack_trace": fault and fault.traceback,
    }


def bundle_fields(bundle: BundleRow) -> dict[str, Any]:
    """Describe where DAG files are fetched from."""
    return {
        "name": bundle.name,
        "url": bundle.url,
        "tracking_ref": bundle.ref,
        "subdir": bundle.subdir or None,
        "version": bundle.version,
        "committed_at": bundle.committed_at,
        "author": bundle.author or None,
        "subject": bundle.subject or None,
        "last_refreshed": bundle.refreshed_at,
        "view_url": commit_url(bundle, bundle.version),
        "error": bundle.error,
        "error_since": bundle.error_since,
    }


def python_file_fields(file: PythonFile) -> dict[str, Any]:
    """Describe a Python file of the DAG folder and what it gave."""
    return {
        "filename": file.path,
        "dag_ids": list(file.record.dag_ids) if file.record else [],
        "finding": _finding(file.record),
    }


def _finding(record: FileRecord | None) -> str:
    match record:
        case None:
            return "not imported: a DAG file holds the word 'dag', and 'scheduler' or 'airflow'"
        case FileRecord(error=ImportFault() as fault):
            line = f"line {fault.lineno}: " if fault.lineno else ""
            return f"does not load: {line}{fault.type}: {fault.message}"
        case FileRecord(dag_ids=(), warnings=(first, *_)):
            return first
        case FileRecord(dag_ids=()):
            return "declares no DAG"
        case _:
            return "loads"


def duration_s(start: datetime | None, end: datetime | None) -> float | None:
    """Return how long something took; None where it did not begin or has not ended."""
    return None if start is None or end is None else (end - start).total_seconds()


def run_fields(run: Run, shown_conf: Data) -> dict[str, Any]:
    """Describe a run; `shown_conf`: what it was given, as people see it."""
    return {
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "run_type": run.run_type,
        "state": run.state,
        "logical_date": run.logical_date,
        "data_interval_start": run.data_interval_start,
        "data_interval_end": run.data_interval_end,
        "run_after": run.run_after,
        "queued_at": run.queued_at,
        "start_date": run.start_date,
        "end_date": run.end_date,
        "duration": duration_s(run.start_date, run.end_date),
        "triggering_user_name": run.triggered_by,
        "conf": shown_conf,
        "note": run.note or None,
        "partition_key": run.partition_key,
        "partition_date": run.partition_date,
        "reason": run.reason or None,
        "deadlines": [{name: each[name] for name in ("name", "at", "state")} for each in run.deadlines or ()],
        "dag_version": run.version_number,
        "bundle_name": NAME,
        "bundle_version": run.bundle_version,
    }


def task_fields(run: Run, task: Task) -> dict[str, Any]:
    """Describe a task instance. `map_index` is -1 for one that is not mapped; `path` also says nested ones."""
    return {
        "id": task.id,
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "task_id": task.task_id,
        "map_index": int(task.path.partition(".")[0] or -1),
        "rendered_map_index": task.rendered_map_index,
        "path": task.path,
        "state": task.state,
        "try_number": task.try_number,
        "max_tries": task.max_tries,
        "start_date": task.start_date,
        "end_date": task.end_date,
        "duration": duration_s(task.start_date, task.end_date),
        "scheduled_when": task.scheduled_at,
        "queued_when": task.queued_at,
        "operator": task.operator,
        "pool": task.pool,
        "queue": task.queue,
        "priority_weight": task.priority,
        "hostname": task.hostname,
        "reason": task.reason or None,
    }


def spent_fields(spent: Spent, by: str, prices: Prices) -> dict[str, Any]:
    """Describe what something took and cost. The cost is text, to a millionth: numbers of JSON are none of money."""
    cost = prices.of(spent.amount)
    return {
        by: spent.name,
        "attempts": spent.attempts,
        "unmeasured_attempts": spent.unmeasured,
        "run_seconds": spent.amount.run_ms / 1000,
        "cpu_seconds": spent.amount.cpu_s,
        "memory_gb_hours": round(spent.amount.gb_hours, 6),
        "peak_memory_bytes": spent.peak_memory_bytes,
        "cost": None if cost is None else f"{cost:.6f}",
        "currency": None if cost is None else prices.currency,
    }


def pool_fields(pool: Pool, occupied: int) -> dict[str, Any]:
    """Describe a pool of which queued and running tasks occupy so many slots."""
    return {
        "name": pool.name,
        "slots": pool.slots,
        "description": pool.description or None,
        "include_deferred": pool.include_deferred,
        "occupied_slots": occupied,
        "open_slots": max(0, pool.slots - occupied),
    }


def variable_fields(variable: VariableRef, value: str = MASK) -> dict[str, Any]:
    """Describe a variable."""
    return {
        "key": variable.key,
        "value": value,
        "description": variable.description or None,
        "is_encrypted": True,
    }


def connection_fields(connection: Connection | ConnectionRef) -> dict[str, Any]:
    """Describe a connection: with its secrets where it is given with them, else with a mask over them."""
    secrets = _secrets(connection) if isinstance(connection, Connection) else _masks(connection)
    return {
        "connection_id": connection.conn_id,
        "conn_type": connection.conn_type,
        "description": connection.description or None,
        "host": connection.host or None,
        "port": connection.port,
        "schema": connection.schema or None,
        "login": connection.login or None,
        **secrets,
    }


def _secrets(connection: Connection) -> dict[str, str | None]:
    return {"password": connection.password or None, "extra": connection.extra or None}


def _masks(ref: ConnectionRef) -> dict[str, str | None]:
    return {"password": MASK if ref.has_password else None, "extra": MASK if ref.has_extra else None}
