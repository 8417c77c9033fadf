"""Create the runs of DAGs that wait for assets. The events that begin a run leave the queue with its creation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from scheduler.core.assets import is_met
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import asset_key, asset_run_id
from scheduler.core.states import RunType
from scheduler.failpoints import Edge
from scheduler.loop.alarms import Alarms
from scheduler.loop.asset_batches import Batch, map_keys, marks_of, ready
from scheduler.loop.one_by_one import Aside, Way, at_once
from scheduler.store.alerts import run_subject
from scheduler.store.asset_events import (
    NewsOf,
    Queued,
    consume_events,
    dags_with_news,
    drop_orphans,
    drop_queued,
    note_looked_at,
    queued_events,
)
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.new_runs import NewRun, create_runs
from scheduler.store.setting_aside import set_dag_aside
from scheduler.store.transaction import at_edge
from scheduler.wire import DagSpec

_OF_DAG: Final[Aside[NewsOf]] = Aside(lambda news: news.dag_id, set_dag_aside)


@dataclass(frozen=True, slots=True)
class CreateAssetRuns:
    """Looks at DAGs for which assets have changed, and creates a run of each whose expression is met.

    All events that a DAG has waiting go into one run.
    """

    graphs: GraphCache
    way: Way = at_once
    alarms: Alarms = field(default_factory=Alarms)

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Look at what is new; return how many DAGs there were."""
        news = dags_with_news(session, now, limit)
        self.way(session, now, news, partial(self._look_at_all, session, now), _OF_DAG)
        if not news:
            drop_orphans(session)
        return len(news)

    def _look_at_all(self, session: Session, now: datetime, news: Sequence[NewsOf]) -> None:
        queued = queued_events(session, [each.dag_id for each in news])
        for each in news:
            self._look_at(session, now, each, queued.get(each.dag_id, []))

    def _look_at(self, session: Session, now: datetime, news: NewsOf, queued: Sequence[Queued]) -> None:
        graph = self.graphs.get(session, news.version_id)
        schedule = graph.spec.schedule
        ids = [each.event_id for each in queued]
        if schedule.assets is None:
            drop_queued(session, news.dag_id, queued)
        elif news.is_at_rest:
            note_looked_at(session, news.dag_id, ids)
        elif schedule.partitions is None:
            batches = [Batch("", queued)] if is_met(schedule.assets, marks_of(queued)) else []
            self._begin(session, now, news, graph, batches)
            note_looked_at(session, news.dag_id, [] if batches else ids)
        else:
            mapped = map_keys(session, now, news.dag_id, schedule.partitions, queued)
            self._begin(session, now, news, graph, ready(schedule.assets, schedule.partitions, mapped))
            note_looked_at(session, news.dag_id, ids)

    def _begin(
        self, session: Session, now: datetime, news: NewsOf, graph: TaskGraph, batches: Sequence[Batch]
    ) -> None:
        wanted = [
            (_new_run(news, graph.spec, now, batch, place), graph) for place, batch in enumerate(batches)
        ]
        for batch, (new, _), run_pk in zip(batches, wanted, create_runs(session, now, wanted), strict=True):
            assert run_pk is not None  # Its last event was in the queue, so it has begun no run.
            consume_events(session, news.dag_id, run_pk, batch.queued)
            subject = run_subject(new.dag_id, run_pk, new.run_id)
            self.alarms.note_created(session, subject, graph.spec, new.run_after)
            at_edge(session, Edge.ASSETS_TAKEN)


def _new_run(news: NewsOf, spec: DagSpec, now: datetime, batch: Batch, place: int) -> NewRun:
    last = batch.queued[-1]
    return NewRun(
        dag_id=news.dag_id,
        run_id=asset_run_id(now, last.event_id, place),
        trigger_key=asset_key(last.event_id, batch.key),
        run_type=RunType.ASSET_TRIGGERED,
        version_id=news.version_id,
        snapshot_id=news.snapshot_id,
        bundle_version=news.bundle_version,
        run_after=max(each.at for each in batch.queued),
        conf={},
        params={param.name: param.default for param in spec.params if param.has_default},
        triggered_by="asset",
        partition_key=batch.key or None,
        partition_date=batch.date,
    )
