"""What a success says of assets: their events, in the transaction of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.assets import changes_of
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.claims import Claimed
from scheduler.store.engine import Session
from scheduler.store.runs import partition_keys
from scheduler.wire import Outcome, TaskSpec


@dataclass(frozen=True, slots=True)
class Maker:
    """A task that has succeeded, and what it said of its outlets."""

    claim: Claimed
    task: TaskSpec
    outcome: Outcome


def announce(session: Session, now: datetime, makers: Sequence[Maker]) -> None:
    """Write the events of assets that these tasks have changed; costs nothing where there are none."""
    if not makers:
        return
    keys = partition_keys(session, {each.claim.run_pk for each in makers})
    put_events(
        session, now, [event for each in makers for event in _events(each, keys.get(each.claim.run_pk, ""))]
    )


def _events(maker: Maker, partition_key: str) -> Iterator[NewEvent]:
    claim = maker.claim
    source = Source(claim.dag_id, claim.run_id, claim.task_id, claim.path)
    for change in changes_of(maker.task, maker.outcome.assets, partition_key):
        yield NewEvent(change, source)
