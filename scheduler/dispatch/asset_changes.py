"""What a success says of assets: their events, in the transaction of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.assets import changes_of
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.claims import Claimed
from scheduler.store.engine import Session
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
    put_events(session, now, [event for each in makers for event in _events(each)])


def _events(maker: Maker) -> Iterator[NewEvent]:
    claim = maker.claim
    source = Source(claim.dag_id, claim.run_id, claim.task_id, claim.path)
    for change in changes_of(maker.task, maker.outcome.assets, claim.partition_key or ""):
        yield NewEvent(change, source)
