"""What answers say of assets and their events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from scheduler.core.assets import Mark
from scheduler.core.freshness import judge
from scheduler.store.asset_watches import watchers_of
from scheduler.store.assets import Use, list_uses
from scheduler.store.engine import Session
from scheduler.store.views.asset_lists import AssetEntry, EventEntry, last_events, list_aliases, runs_begun
from webui.api.frame import Fields


def assets_described(session: Session, entries: Sequence[AssetEntry], now: datetime) -> list[Fields]:
    """Describe assets, in the order in which they are given."""
    uses: defaultdict[Mark, list[Use]] = defaultdict(list)
    for each in list_uses(session):
        uses[each.mark].append(each)
    newest = last_events(session, [each.name for each in entries])
    return [_asset(session, each, uses, newest.get(each.name), now) for each in entries]


def _asset(
    session: Session,
    row: AssetEntry,
    uses: Mapping[Mark, list[Use]],
    last: tuple[int, datetime] | None,
    now: datetime,
) -> Fields:
    own = [*uses.get(Mark("name", row.name), ()), *uses.get(Mark("uri", row.uri), ())]
    stamps = {"created_at": row.updated_at, "updated_at": row.updated_at}
    tasks = {
        role: [
            {"dag_id": each.dag_id, "task_id": each.task_id, **stamps} for each in own if each.role == role
        ]
        for role in ("outlet", "inlet")
    }
    begun = sorted({each.dag_id for each in own if each.role in ("schedule", "partition")})
    at = last[1] if last else None
    return {
        **{name: getattr(row, name) for name in ("id", "name", "uri", "group", "extra")},
        **stamps,
        "scheduled_dags": [{"dag_id": dag_id, **stamps} for dag_id in begun],
        "producing_tasks": tasks["outlet"],
        "consuming_tasks": tasks["inlet"],
        "aliases": [],
        "watchers": [
            {"name": each.name, "trigger_id": crc32(each.trigger.encode()), "created_date": row.updated_at}
            for each in watchers_of(session, row.name)
        ],
        "last_asset_event": {"id": last[0], "timestamp": at} if last else None,
        "freshness": None if row.freshness is None else judge(row.freshness, at, now),
        "freshness_policy": row.freshness,
    }


def aliases_described(session: Session) -> list[dict[str, Any]]:
    """Describe the aliases."""
    return [{"id": number, "name": name, "group": "asset"} for number, name in list_aliases(session)]


def events_described(session: Session, entries: Sequence[EventEntry]) -> list[Fields]:
    """Describe events, in the order in which they are given."""
    begun = runs_begun(session, [each.id for each in entries])
    return [_event(each, begun.get(each.id, [])) for each in entries]


def _event(row: EventEntry, begun: Sequence[Fields]) -> Fields:
    return {
        **{name: getattr(row, name) for name in ("id", "asset_id", "name", "uri", "group", "extra")},
        "source_dag_id": row.dag_id or None,
        "source_task_id": row.task_id or None,
        "source_run_id": row.run_id or None,
        "source_map_index": int(row.path.rpartition(".")[2] or -1),
        "created_dagruns": list(begun),
        "timestamp": row.at,
        "partition_key": row.partition_key or None,
        "source_alias": row.alias or None,
        "created_by": row.actor or None,
    }
