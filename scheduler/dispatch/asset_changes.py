"""What attempts say of assets, in the transaction of their report: events of what they changed, and what checks found.

A change of an asset that has blocking checks in its graph is withheld until all of them have succeeded in this run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.assets import blocking_checks, changes_of, is_of
from scheduler.core.graph import TaskGraph
from scheduler.store.asset_checks import CheckRow, hold_changes, put_check, release_held
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.claims import Claimed
from scheduler.store.engine import Session
from scheduler.wire import Data, Outcome, TaskSpec


@dataclass(frozen=True, slots=True)
class Maker:
    """An attempt of a task that makes or checks assets, and whether the task has succeeded by it."""

    claim: Claimed
    graph: TaskGraph
    outcome: Outcome
    is_success: bool

    @property
    def task(self) -> TaskSpec:
        """The task."""
        return self.graph.tasks[self.claim.task_id]


def concerns_assets(task: TaskSpec) -> bool:
    """Tell whether a task makes or checks assets."""
    return bool(task.outlets) or task.check is not None


def announce(session: Session, now: datetime, makers: Sequence[Maker]) -> None:
    """Write what these attempts say of assets; costs nothing where there are none."""
    put_events(
        session, now, [event for each in makers if each.is_success for event in _changes(session, each)]
    )
    for each in makers:
        if each.task.check is not None:
            _checked(session, now, each, each.task.check)


def _changes(session: Session, maker: Maker) -> list[NewEvent]:
    """Return the changes that count at once; the others are withheld."""
    made = list(_events(maker))
    checks = blocking_checks(maker.graph.tasks.values()).values() if made else ()
    held = [each for each in made if any(is_of(check, each.change) for check in checks)]
    if held:
        hold_changes(session, maker.claim.run_pk, held)
    return [each for each in made if each not in held]


def _events(maker: Maker) -> Iterator[NewEvent]:
    claim = maker.claim
    source = Source(claim.dag_id, claim.run_id, claim.task_id, claim.path)
    for change in changes_of(maker.task, maker.outcome.assets, claim.partition_key or ""):
        yield NewEvent(change, source)


def _checked(session: Session, now: datetime, maker: Maker, check: Data) -> None:
    """Keep what a check found; write what is withheld no longer."""
    claim, (_, value) = maker.claim, check["of"]
    for each in maker.outcome.assets or ():
        if "check" in each:
            put_check(
                session,
                CheckRow(
                    value, claim.task_id, claim.dag_id, claim.run_id, now, bool(check["blocking"]), **each["check"]
                ),
            )  # fmt: skip
    if maker.is_success and check["blocking"]:
        release_held(session, now, claim.run_pk, maker.graph)
