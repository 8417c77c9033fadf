"""Partitions for which something has come, and whose run waits for more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.assets import Mark
from scheduler.core.partition_waits import lacking
from scheduler.errors import NewerForm, UnreadableGraph
from scheduler.store.asset_events import Queued, queued_events
from scheduler.store.engine import Session
from scheduler.store.tables import asset_queue, dag
from scheduler.store.versions import load_graph
from scheduler.wire import DagSpec

D, Q = dag.c, asset_queue.c
#: Partitions of a DAG that are shown, those that have waited longest.
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class WaitingPartition:
    """A run that would be for one key, and what it lacks."""

    dag_id: str
    key: str
    since: datetime
    events: int
    lacks: Sequence[str]


def waiting_partitions(session: Session, dag_ids: Collection[str] | None = None) -> list[WaitingPartition]:
    """Return the partitions of these DAGs, or of all, whose runs wait, oldest first in each DAG."""
    queued = sa.select(Q.dag_id).where(Q.partition_key != "")
    query = sa.select(D.dag_id, D.version_id).where(D.dag_id.in_(queued), D.retired_at.is_(None))
    if dag_ids is not None:
        query = query.where(D.dag_id.in_(sorted(dag_ids)))
    versions: dict[str, int] = {
        row.dag_id: row.version_id for row in session.execute(query.order_by(D.dag_id))
    }
    events = queued_events(session, versions) if versions else {}
    found = [_of_dag(_spec(session, version), events.get(dag_id, [])) for dag_id, version in versions.items()]
    return [each for of_dag in found for each in of_dag]


def _spec(session: Session, version_id: int) -> DagSpec | None:
    try:
        return load_graph(session, version_id)
    except (NewerForm, UnreadableGraph):
        return None


def _of_dag(spec: DagSpec | None, queued: Sequence[Queued]) -> list[WaitingPartition]:
    if spec is None or spec.schedule.partitions is None or spec.schedule.assets is None:
        return []
    mapped = sorted((each for each in queued if each.target_key), key=lambda each: each.target_key)
    groups = [(key, list(group)) for key, group in groupby(mapped, lambda each: each.target_key)]
    found = [_waiting(spec, key, group) for key, group in groups]
    return sorted(found, key=lambda each: (each.since, each.key))[:MOST]


def _waiting(spec: DagSpec, key: str, group: Sequence[Queued]) -> WaitingPartition:
    marks: defaultdict[str, set[Mark]] = defaultdict(set)
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for each in group:
        marks[each.name] |= each.marks
        keys[each.name].add(each.partition_key)
    arrived = {name: (marks[name], keys[name]) for name in marks}
    schedule = spec.schedule
    lacks = lacking(schedule.assets or {}, schedule.partitions or {}, key, arrived)
    return WaitingPartition(spec.dag_id, key, min(each.at for each in group), len(group), lacks)


def partition_fields(waiting: WaitingPartition) -> dict[str, Any]:
    """Describe one as the command line does."""
    return {
        "dag_id": waiting.dag_id,
        "partition_key": waiting.key,
        "since": waiting.since,
        "events": waiting.events,
        "waits_for": list(waiting.lacks),
    }
