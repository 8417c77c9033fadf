"""Which events begin which run of a DAG that runs by partitions."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scheduler.core.assets import Mark, is_met
from scheduler.core.partitions import BadKey, date_of, is_complete, mapper_of, targets
from scheduler.store.asset_events import Queued, drop_queued, queue_targets
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.wire import Data

log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that begin one run, oldest first; of a DAG by partitions, the key and date of its partition."""

    key: str
    queued: Sequence[Queued]
    date: datetime | None = None


def marks_of(queued: Iterable[Queued]) -> frozenset[Mark]:
    """Return all by which these events are known."""
    return frozenset[Mark]().union(*(each.marks for each in queued))


def map_keys(
    session: Session, now: datetime, dag_id: str, partitions: Data, queued: Sequence[Queued]
) -> list[Queued]:
    """Queue what has just come for the keys of the runs that it counts for; return all that is queued then.

    A key that cannot be mapped begins no run; it is told in the log and among the events of the DAG.
    """
    mapped = [each for each in queued if each.target_key]
    for each in queued:
        if each.target_key:
            continue
        try:
            keys = targets(mapper_of(partitions, each.marks), each.partition_key)
        except BadKey as error:
            _refuse(session, now, dag_id, each, error)
            continue
        queue_targets(session, dag_id, each, keys)
        mapped += [replace(each, target_key=key) for key in keys]
    return mapped


def _refuse(session: Session, now: datetime, dag_id: str, queued: Queued, error: BadKey) -> None:
    drop_queued(session, dag_id, [queued])
    reason = f"Event {queued.event_id} of asset {queued.name} begins no run: {error}"
    log.warning("%s: %s", dag_id, reason)
    append(session, [Event(at=now, kind="dag.partition", dag_id=dag_id, actor="scheduler", reason=reason)])


def ready(expression: Data, partitions: Data, queued: Sequence[Queued]) -> list[Batch]:
    """Return what may begin: the keys for which enough of each asset has come."""
    by_key: defaultdict[str, list[Queued]] = defaultdict(list)
    for each in sorted(queued, key=lambda each: each.event_id):
        by_key[each.target_key].append(each)
    return [
        Batch(key, group, _date(partitions, key, group))
        for key, group in sorted(by_key.items())
        if is_met(expression, marks_of(_complete(partitions, key, group)))
    ]


def _complete(partitions: Data, key: str, group: Sequence[Queued]) -> list[Queued]:
    """Return the events of the assets of which enough has come for a key."""
    by_asset: defaultdict[str, list[Queued]] = defaultdict(list)
    for each in group:
        by_asset[each.name].append(each)
    return [each for events in by_asset.values() if _is_complete(partitions, key, events) for each in events]


def _is_complete(partitions: Data, key: str, events: Sequence[Queued]) -> bool:
    try:
        return is_complete(
            mapper_of(partitions, marks_of(events)), key, {each.partition_key for each in events}
        )
    except BadKey:
        # It was queued by another mapper, before the file changed.
        return False


def _date(partitions: Data, key: str, group: Sequence[Queued]) -> datetime | None:
    """Return when the partition begins, where all mappers that know it agree."""
    try:
        dates = {date_of(mapper_of(partitions, each.marks), key) for each in group} - {None}
    except ValueError:
        return None
    return dates.pop() if len(dates) == 1 else None
