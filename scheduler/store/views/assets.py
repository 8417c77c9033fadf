"""Assets as pages, the API and the command line show them, in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.assets import Mark
from scheduler.core.freshness import Freshness, in_words, judge
from scheduler.store.asset_checks import CheckRow
from scheduler.store.asset_history import EventRow
from scheduler.store.assets import AssetRow, Use, get_asset, list_assets, list_uses
from scheduler.store.engine import Session
from scheduler.store.tables import asset_event, asset_queue
from scheduler.wire import Data

E = asset_event.c
Q = asset_queue.c

_WORDS: Final = {
    "schedule": "Runs for",
    "partition": "Runs for each partition of",
    "inlet": "Reads",
    "outlet": "Makes",
}
_MAKES, _BEGINS, _READS = ("outlet",), ("schedule", "partition"), ("inlet",)


@dataclass(frozen=True, slots=True)
class AssetView:
    """An asset, and who has to do with it."""

    id: int
    name: str
    uri: str
    group: str
    extra: Data
    changed_at: datetime | None
    made_by: tuple[str, ...]  #: dag_ids
    begins: tuple[str, ...]
    read_by: tuple[str, ...]
    freshness: Data | None  #: how fresh it is meant to be

    def judged(self, now: datetime) -> Freshness | None:
        """Return how fresh it is, None where nothing is promised."""
        return None if self.freshness is None else judge(self.freshness, self.changed_at, now)

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return "" if self.freshness is None else in_words(self.freshness)


@dataclass(frozen=True, slots=True)
class UseView:
    """What a DAG has to do with an asset, for people."""

    dag_id: str
    role: str
    task_id: str
    words: str
    value: str  #: the name, URI or alias that the file gives
    asset: str  #: the name of the asset, empty for an alias
    waiting: int = 0  #: events that the DAG has yet to run for


def view_assets(session: Session) -> list[AssetView]:
    """Return all assets, by name."""
    uses = _by_mark(list_uses(session))
    newest = session.execute(sa.select(E.name, sa.func.max(E.at).label("at")).group_by(E.name))
    changed: Mapping[str, datetime] = {row.name: row.at for row in newest}
    return [_view(row, uses, changed.get(row.name)) for row in list_assets(session)]


def view_asset(session: Session, name: str) -> AssetView:
    """Return one by its name or URI. Raises NotFound."""
    row = get_asset(session, name)
    changed_at = session.scalar(sa.select(sa.func.max(E.at)).where(E.name == row.name))
    return _view(row, _by_mark(list_uses(session)), changed_at)


def uses_of_asset(session: Session, shown: AssetView) -> list[UseView]:
    """Return who makes, reads and waits for an asset, and how many events wait."""
    query = sa.select(Q.dag_id, sa.func.count().label("events")).join(asset_event, E.id == Q.event_id)
    rows = session.execute(query.where(E.name == shown.name).group_by(Q.dag_id))
    waiting: Mapping[str, int] = {row.dag_id: row.events for row in rows}
    marks = {Mark("name", shown.name), Mark("uri", shown.uri)}
    return [
        _use_view(each, shown.name, waiting.get(each.dag_id, 0) if each.role in _BEGINS else 0)
        for each in list_uses(session)
        if each.mark in marks
    ]


def uses_of_dag(session: Session, dag_id: str) -> list[UseView]:
    """Return what a DAG makes, reads and waits for."""
    uses = list_uses(session, dag_id=dag_id)
    by_uri = {row.uri: row.name for row in list_assets(session)} if uses else {}
    return [
        _use_view(each, each.mark.value if each.mark.kind == "name" else by_uri.get(each.mark.value, ""))
        for each in uses
    ]


def _use_view(use: Use, asset: str, waiting: int = 0) -> UseView:
    is_alias = use.mark.kind == "alias"
    value = f"alias {use.mark.value}" if is_alias else use.mark.value
    words = _WORDS[use.role]
    return UseView(use.dag_id, use.role, use.task_id, words, value, "" if is_alias else asset, waiting)


def _by_mark(uses: Iterable[Use]) -> dict[Mark, list[Use]]:
    found: defaultdict[Mark, list[Use]] = defaultdict(list)
    for each in uses:
        found[each.mark].append(each)
    return found


def _view(row: AssetRow, uses: Mapping[Mark, list[Use]], changed_at: datetime | None) -> AssetView:
    own = [*uses.get(Mark("name", row.name), ()), *uses.get(Mark("uri", row.uri), ())]
    by_role = {
        roles: tuple(sorted({each.dag_id for each in own if each.role in roles}))
        for roles in (_MAKES, _BEGINS, _READS)
    }
    return AssetView(
        row.id, row.name, row.uri, row.group, row.extra, changed_at,
        by_role[_MAKES], by_role[_BEGINS], by_role[_READS], row.freshness,
    )  # fmt: skip


def asset_fields(shown: AssetView, now: datetime) -> dict[str, Any]:
    """Describe an asset as API and command line do."""
    return {
        "id": shown.id,
        "name": shown.name,
        "uri": shown.uri,
        "group": shown.group,
        "extra": shown.extra,
        "last_asset_event": {"timestamp": shown.changed_at} if shown.changed_at else None,
        "producing_dags": list(shown.made_by),
        "scheduled_dags": list(shown.begins),
        "consuming_dags": list(shown.read_by),
        "freshness": shown.judged(now),
        "freshness_policy": shown.freshness,
    }


def event_fields(event: EventRow) -> dict[str, Any]:
    """Describe an event."""
    return {
        "id": event.id,
        "name": event.name,
        "uri": event.uri,
        "timestamp": event.at,
        "extra": event.extra,
        "source_dag_id": event.dag_id or None,
        "source_run_id": event.run_id or None,
        "source_task_id": event.task_id or None,
        "source_map_index": int(event.path.rpartition(".")[2] or -1),
        "source_alias": event.alias or None,
        "partition_key": event.partition_key or None,
        "created_by": event.actor or None,
    }


def check_fields(check: CheckRow) -> dict[str, Any]:
    """Describe what a check found."""
    return {
        "asset": check.name,
        "check": check.task_id,
        "passed": check.passed,
        "blocking": check.blocking,
        "timestamp": check.at,
        "description": check.description or None,
        "metadata": check.metadata,
        "dag_id": check.dag_id,
        "dag_run_id": check.run_id,
    }
