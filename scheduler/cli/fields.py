"""Records as the API names their fields, which are Airflow's where the thing is the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scheduler.store.dag_files import FileRecord
from scheduler.store.dags import DagRow


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
        "last_parsed_time": dag.last_parsed_at,
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
