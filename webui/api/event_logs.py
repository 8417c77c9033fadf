"""Event logs: what people and programs did; of a run that is named, all that happened in it."""

from __future__ import annotations

import json
from dataclasses import replace

from scheduler.errors import NotFound
from scheduler.security.rights import Right
from scheduler.store.views.audit import AuditRow, AuditWanted, find_audit, list_audit
from webui.api.frame import Fields, Routes
from webui.api.shapes import events as shapes
from webui.context import reading
from webui.rights import needs

routes = Routes("api_event_logs", "/api/v2/eventLogs", tag="Event Log")


@routes.get("", answers=shapes.EventLogs)
@needs(Right.AUDIT_READ)
def get_event_logs(query: shapes.EventLogsWanted) -> Fields:
    """Return what people did, or all that happened in a run, the newest first."""
    choice = query.choice()
    if query.included_events:
        choice = replace(choice, among={**choice.among, "kind": query.included_events})
    if query.map_index is not None:
        choice = replace(choice, among={**choice.among, "map_index": [str(query.map_index)]})
    wanted = AuditWanted(without=query.excluded_events, before=query.before, after=query.after)
    with reading() as session:
        found, total = list_audit(session, choice, wanted, limit=query.count, offset=query.offset)
    return {"event_logs": [_fields(each) for each in found], "total_entries": total}


@routes.get("/<int:event_log_id>", answers=shapes.EventLog)
@needs(Right.AUDIT_READ)
def get_event_log(event_log_id: int) -> Fields:
    """Return one event."""
    with reading() as session:
        found = find_audit(session, event_log_id)
    if found is None:
        raise NotFound("event", str(event_log_id))
    return _fields(found)


def _fields(row: AuditRow) -> Fields:
    extra = {"from": row.from_state, "to": row.to_state, "reason": row.reason}
    said = {name: value for name, value in extra.items() if value}
    return {
        "event_log_id": row.id,
        "when": row.at,
        "dag_id": row.dag_id or None,
        "task_id": row.task_id,
        "run_id": row.run_id,
        "map_index": row.map_index,
        "try_number": row.try_number,
        "event": row.kind,
        "logical_date": row.logical_date,
        "owner": row.actor or None,
        "extra": json.dumps(said) if said else None,
        "dag_display_name": row.dag_id or None,
        "task_display_name": row.task_id,
    }
