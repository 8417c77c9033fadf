"""Sums of runs, warnings about DAGs, files that do not load, links of tasks; version and health of the server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from zlib import crc32

from scheduler.core.states import RunState
from scheduler.errors import NotFound
from scheduler.operations.finding import get_run
from scheduler.security.rights import Right
from scheduler.store.bundles import NAME
from scheduler.store.dag_files import FileRecord, load_files
from scheduler.store.leaders import has_leader
from scheduler.store.tasks import tasks_named
from scheduler.store.views.dag_facts import run_counts_by_dag
from scheduler.store.views.fields import import_error_fields
from scheduler.store.views.home import count_slots
from webui.api.frame import Fields, Routes
from webui.api.ordering import chosen, ordered
from webui.api.shapes import facts as shapes
from webui.broken import in_sight, list_broken
from webui.context import now, reading, web
from webui.rights import needs

routes = Routes("api_facts", "/api/v2", tag="DAG Stats")

_WARNING: Final = "file warning"
_ORDERS: Final = {"id": "import_error_id", "stacktrace": "stack_trace"}


@routes.get("/dagStats", answers=shapes.DagsStats)
@needs(Right.DAG_READ)
def get_dag_stats(query: shapes.StatsWanted) -> Fields:
    """Return how many runs of DAGs are in each state."""
    with reading() as session:
        found = run_counts_by_dag(session, query.dag_ids)
    dags = [
        {
            "dag_id": dag_id,
            "dag_display_name": name,
            "stats": [{"state": each, "count": counts.get(each, 0)} for each in RunState],
        }
        for dag_id, (name, counts) in found.items()
    ]
    return {"dags": dags, "total_entries": len(dags)}


@routes.get("/dagWarnings", answers=shapes.DagWarnings)
@needs(Right.DAG_READ)
def list_dag_warnings(query: shapes.WarningsWanted) -> Fields:
    """Return what is to be thought about in the files of DAGs."""
    with reading() as session:
        found = [
            each for record in in_sight(session, load_files(session).values()) for each in _warnings(record)
        ]
    wanted = {"dag_id": query.dag_id, "warning_type": query.warning_type}
    left = [each for each in found if all(value in (None, each[name]) for name, value in wanted.items())]
    left = ordered(left, query.order_by or ("dag_id",))
    return {"dag_warnings": query.part(left), "total_entries": len(left)}


def _warnings(record: FileRecord) -> list[dict[str, Any]]:
    return [
        {
            "dag_id": dag_id,
            "warning_type": _WARNING,
            "message": text,
            "timestamp": record.parsed_at,
            "dag_display_name": dag_id,
        }
        for dag_id in record.dag_ids
        for text in record.warnings
    ]


@routes.get("/importErrors", answers=shapes.ImportErrors)
@needs(Right.DAG_READ)
def get_import_errors(query: shapes.ImportErrorsWanted) -> Fields:
    """Return the files that do not load, the newest failure first."""
    choice = query.choice()
    found = ordered(chosen(_import_errors(), replace(choice, order=())), choice.order, _ORDERS)
    return {"import_errors": query.part(found), "total_entries": len(found)}


@routes.get("/importErrors/<int:import_error_id>", answers=shapes.ImportError_)
@needs(Right.DAG_READ)
def get_import_error(import_error_id: int) -> Fields:
    """Return one file that does not load."""
    for each in _import_errors():
        if each["import_error_id"] == import_error_id:
            return each
    raise NotFound("import error", str(import_error_id))


def _import_errors() -> list[dict[str, Any]]:
    with reading() as session:
        return [_import_error(record) for record in list_broken(session)]


def _import_error(record: FileRecord) -> dict[str, Any]:
    """Describe a file; its number is made of its path, as clients want one."""
    fields = import_error_fields(record)
    return fields | {
        "import_error_id": crc32(record.path.encode()),
        "timestamp": fields["timestamp"] or record.parsed_at,
        "stack_trace": fields["stack_trace"] or fields["message"] or "",
        "bundle_name": NAME,
    }


@routes.get("/dags/<dag_id>/dagRuns/<run_id>/taskInstances/<task_id>/links", answers=shapes.ExtraLinks)
@needs(Right.DAG_READ)
def get_extra_links(dag_id: str, run_id: str, task_id: str, query: shapes.LinksWanted) -> Fields:
    """Return the links that an operator gives to its task: ours give none."""
    with reading() as session:
        run = get_run(session, dag_id, run_id)
        if not tasks_named(session, run.id, [task_id]):
            raise NotFound("task", f"{dag_id}/{run_id}/{task_id}")
    return {"extra_links": {}, "total_entries": 0}


@routes.get("/version", answers=shapes.Version)
@needs()
def get_version() -> Fields:
    """Return the version of this program."""
    return {"version": web().version, "git_version": None}


@routes.get("/monitor/health", answers=shapes.Health)
@needs()
def get_health() -> Fields:
    """Return whether database, scheduler and workers answer."""
    with reading() as session:
        slots, leads = count_slots(session, now()), has_leader(session)
    scheduler, workers = _status(leads), _status(bool(slots.workers))
    return {
        "metadatabase": {"status": "healthy"},
        "scheduler": {**scheduler, "latest_scheduler_heartbeat": None},
        "triggerer": {**workers, "latest_triggerer_heartbeat": None},
        "dag_processor": {**scheduler, "latest_dag_processor_heartbeat": None},
        "workers": {**workers, "count": slots.workers},
    }


def _status(is_well: bool) -> dict[str, str]:
    return {"status": "healthy" if is_well else "unhealthy"}
