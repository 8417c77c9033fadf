"""What attempts say of assets, in the transaction of their report: events of what they changed, and what checks found.

A change of an asset that has blocking checks in its graph is withheld until all of them have succeeded in this run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.assets import Mark, changes_of
from scheduler.core.graph import TaskGraph
from scheduler.core.states import TaskState
from scheduler.store.asset_checks import CheckRow, hold_changes, put_check, take_held
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.claims import Claimed
from scheduler.store.engine import Session
from scheduler.store.tasks import tasks_named
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
    events: list[NewEvent] = []
    for each in makers:
        if each.is_success:
            events += _changes(session, each)
        if each.task.check is not None:
            events += _checked(session, now, each, each.task.check)
    put_events(session, now, events)


def _changes(session: Session, maker: Maker) -> list[NewEvent]:
    """Return the changes that count at once; the others are withheld."""
    made = list(_events(maker))
    blocked = {text for check in _blocking(maker.graph) for text in _names(check)}
    held = [each for each in made if {each.change.name, each.change.uri} & blocked]
    if held:
        hold_changes(session, maker.claim.run_pk, held)
    return [each for each in made if each not in held]


def _events(maker: Maker) -> Iterator[NewEvent]:
    claim = maker.claim
    source = Source(claim.dag_id, claim.run_id, claim.task_id, claim.path)
    for change in changes_of(maker.task, maker.outcome.assets, claim.partition_key or ""):
        yield NewEvent(change, source)


def _checked(session: Session, now: datetime, maker: Maker, check: Data) -> list[NewEvent]:
    """Keep what a check found; return what is withheld no longer."""
    claim, (_, value) = maker.claim, check["of"]
    for each in maker.outcome.assets or ():
        if "check" in each:
            put_check(
                session,
                CheckRow(
                    value, claim.task_id, claim.dag_id, claim.run_id, now, bool(check["blocking"]), **each["check"]
                ),
            )  # fmt: skip
    if not maker.is_success or not check["blocking"]:
        return []
    others = [
        task_id for task_id, task in _checks(maker.graph) if task["of"] == check["of"] and task["blocking"]
    ]
    states = {row.state for row in tasks_named(session, claim.run_pk, frozenset(others))}
    return take_held(session, claim.run_pk, _names(check)) if states == {TaskState.SUCCESS} else []


def _checks(graph: TaskGraph) -> Iterator[tuple[str, Data]]:
    return ((name, task.check) for name, task in graph.tasks.items() if task.check is not None)


def _blocking(graph: TaskGraph) -> list[Data]:
    return [check for _, check in _checks(graph) if check["blocking"]]


def _names(check: Data) -> list[str]:
    return [Mark(*check["of"]).value]
