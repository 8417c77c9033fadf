"""What answers say of a run."""

from __future__ import annotations

from typing import Any

from scheduler.core.states import RunType
from scheduler.operations import shown_confs
from scheduler.store.bundles import NAME
from scheduler.store.views.fields import run_fields
from scheduler.store.views.run_lists import RunEntry
from scheduler.wire import Data
from webui.api.frame import Fields
from webui.context import reading, spec_of

#: Who creates runs of these kinds, in Airflow's words; by hand it is a person or a program.
_BY = {
    RunType.SCHEDULED: "timetable",
    RunType.BACKFILL: "backfill",
    RunType.ASSET_TRIGGERED: "asset",
    RunType.OPERATOR_TRIGGERED: "operator",
}
_OURS = ("dag_version", "bundle_name", "triggering_user_name")


def described(entry: RunEntry) -> dict[str, Any]:
    """Describe a run."""
    run = entry.run
    fields = run_fields(run, shown_conf(run.version_id, run.conf))
    for name in _OURS:
        del fields[name]
    return {
        **fields,
        "dag_display_name": entry.display_name,
        "last_scheduling_decision": None,
        "triggered_by": _BY.get(RunType(run.run_type), "cli" if run.triggered_by == "cli" else "rest_api"),
        "triggering_user_name": run.triggered_by.removeprefix("user:") or None,
        "dag_versions": [version_of(entry)],
    }


def shown_conf(version_id: int, conf: Data) -> Data:
    """Return what a run of a version was given, without its secrets."""
    with reading() as session:
        return shown_confs.shown_conf(session, version_id, conf, spec_of)


def version_of(entry: RunEntry) -> Fields:
    """Describe the version that a run is pinned to."""
    return {
        "id": entry.run.version_id,
        "version_number": entry.run.version_number,
        "dag_id": entry.run.dag_id,
        "dag_display_name": entry.display_name,
        "bundle_name": NAME,
        "bundle_version": entry.run.bundle_version,
        "bundle_url": None,
        "created_at": entry.version_at,
    }
