"""What answers say of a DAG: its row, and what its newest version says."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from scheduler.clock import parse_instant
from scheduler.store.bundles import NAME
from scheduler.store.dags import load_tags
from scheduler.store.engine import Session
from scheduler.store.favorites import is_favorite
from scheduler.store.runs import count_active_runs
from scheduler.store.views.dag_lists import DagEntry
from scheduler.store.views.dags import find_version
from scheduler.wire import DagSpec, ParamSpec
from webui import words
from webui.api.frame import Fields
from webui.api.version_fields import version_fields
from webui.context import asker, reading, spec_of, web

#: Schedules of which the runs of a span of time are known.
_PERIODIC: Final = frozenset({"cron", "cron_interval", "delta", "delta_interval", "crons"})


def described(entries: Sequence[DagEntry]) -> list[Fields]:
    """Describe DAGs, in the order in which they are given."""
    with reading() as session:
        tags = load_tags(session, [each.dag_id for each in entries])
        specs = [spec_of(session, each.version_id) for each in entries]
    return [_fields(each, spec, tags.get(each.dag_id, ())) for each, spec in zip(entries, specs, strict=True)]


def detailed(entry: DagEntry) -> Fields:
    """Describe one DAG with all that its file says."""
    (fields,) = described([entry])
    with reading() as session:
        spec = spec_of(session, entry.version_id)
        return {**fields, **_details(session, entry, spec)}


def _fields(entry: DagEntry, spec: DagSpec, tags: Sequence[str]) -> dict[str, Any]:
    name = entry.display_name or entry.dag_id
    return {
        "dag_id": entry.dag_id,
        "dag_display_name": name,
        "is_paused": entry.is_paused,
        "is_stale": entry.retired_at is not None,
        "last_parsed_time": entry.last_parsed_at,
        "last_parse_duration": entry.parse_s,
        "last_expired": entry.retired_at,
        "bundle_name": NAME,
        "bundle_version": entry.bundle_version,
        "has_import_errors": entry.has_import_errors,
        "tags": [{"name": each, "dag_id": entry.dag_id, "dag_display_name": name} for each in tags],
        "owners": [part.strip() for part in entry.owner.split(",") if part.strip()],
        "description": entry.description or None,
        "max_active_runs": entry.max_active_runs,
        "allowed_run_types": None,
        "aside_reason": entry.aside_reason or None,
        **_place(entry.file),
        **_next_run(entry),
        **_timetable(spec),
        **_limits(spec),
    }


def _place(file: str) -> dict[str, str]:
    return {
        "relative_fileloc": file,
        "fileloc": str(PurePosixPath(web().dags_folder) / file),
        "file_token": urlsafe_b64encode(file.encode()).decode(),
    }


def _next_run(entry: DagEntry) -> dict[str, Any]:
    return {
        "next_dagrun_logical_date": entry.next_logical_date,
        "next_dagrun_data_interval_start": entry.next_interval_start,
        "next_dagrun_data_interval_end": entry.next_interval_end,
        "next_dagrun_run_after": entry.next_run_at,
    }


def _timetable(spec: DagSpec) -> dict[str, Any]:
    schedule = spec.schedule
    is_periodic = schedule.kind in _PERIODIC
    in_words = words.schedule(spec)
    is_by_hand = schedule.kind == "none" and schedule.assets is None
    return {
        "timetable_summary": None if is_by_hand else schedule.cron or in_words,
        "timetable_description": in_words,
        "timetable_partitioned": schedule.partitions is not None,
        "timetable_periodic": is_periodic,
        "is_backfillable": is_periodic,
    }


def _limits(spec: DagSpec) -> dict[str, Any]:
    limits = [(each.max_active_tis_per_dag, each.max_active_tis_per_dagrun) for each in spec.tasks]
    return {
        "max_active_tasks": spec.max_active_tasks,
        "max_consecutive_failed_dag_runs": spec.max_consecutive_failed_dag_runs,
        "has_task_concurrency_limits": any(limit is not None for each in limits for limit in each),
    }


def _details(session: Session, entry: DagEntry, spec: DagSpec) -> dict[str, Any]:
    timeout_s = spec.dagrun_timeout_s
    version = find_version(session, entry.version_id)
    return {
        "catchup": spec.catchup,
        "concurrency": spec.max_active_tasks,
        "dag_run_timeout": None if timeout_s is None else f"PT{timeout_s:g}S",
        "asset_expression": spec.schedule.assets,
        "doc_md": spec.doc_md,
        "start_date": parse_instant(spec.start_date) if spec.start_date else None,
        "end_date": parse_instant(spec.end_date) if spec.end_date else None,
        "is_paused_upon_creation": spec.is_paused_upon_creation,
        "params": {each.name: _param(each) for each in spec.params},
        "render_template_as_native_obj": False,
        "template_search_path": None,
        "timezone": spec.timezone,
        "last_parsed": entry.last_parsed_at,
        "default_args": None,
        "rerun_with_latest_version": None,
        "owner_links": None,
        "is_favorite": is_favorite(session, entry.dag_id, asker().name),
        "active_runs_count": count_active_runs(session, [entry.dag_id]).get(entry.dag_id, 0),
        "latest_dag_version": version_fields(version, entry.display_name, entry.bundle_version),
    }


def _param(param: ParamSpec) -> dict[str, Any]:
    return {"value": param.default, "schema": param.schema, "description": param.description}
