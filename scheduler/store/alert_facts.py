"""What alert rules are judged by. Each question is one statement, over what is active, recent, or few."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.alert_rules import AlertRule, rules_of_dag
from scheduler.core.alerts import Marks
from scheduler.core.states import AttemptState, RunState, TaskState
from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.limits import queue_slots
from scheduler.store.lists import is_in
from scheduler.store.tables import (
    ACTIVE_RUNS,
    asset,
    asset_event,
    attempt,
    dag,
    dag_run,
    dag_tag,
    task_instance,
    worker,
)
from scheduler.store.workers import live_workers
from scheduler.wire import Data

R = dag_run.c
D = dag.c
W = worker.c
#: Characters of an error that a message tells; the link leads to all of it.
_LONGEST_ERROR: Final = 500
#: In the words of its partial index.
_HAS_FAILED: Final = sa.text("dag_run.state = 'failed'")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How far a run is; of several, the furthest. One that ended without having run is not waited for."""

    has_started: bool
    has_succeeded: bool
    is_running: bool


@dataclass(frozen=True, slots=True)
class DagFacts:
    """A DAG that rules may choose. `next_run_at` None: no run comes by itself."""

    marks: Marks
    next_run_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lag:
    """What has waited longest in a queue; `workers` that are alive take from it."""

    queue: str
    since: datetime
    workers: int


@dataclass(frozen=True, slots=True)
class LostWorker:
    """A worker that fell silent."""

    id: str
    hostname: str
    silent_since: datetime


def failures_of(session: Session, dag_id: str, since: datetime, limit: int) -> list[datetime]:
    """Return when the last runs of a DAG failed, after an instant, newest first."""
    query = sa.select(R.end_date).where(R.dag_id == dag_id, _HAS_FAILED, R.end_date > since)
    return list(session.scalars(query.order_by(R.end_date.desc()).limit(limit)))


def good_seconds(session: Session, dag_id: str, limit: int) -> list[float]:
    """Return how long the last good runs of a DAG took, newest first, looking back at no more than thrice as many."""
    last = (
        sa.select(R.start_date, R.end_date, R.state)
        .where(R.dag_id == dag_id)
        .order_by(R.id.desc())
        .limit(3 * limit)
        .subquery()
    )
    query = sa.select(last.c.start_date, last.c.end_date).where(
        last.c.state == RunState.SUCCESS, last.c.start_date.is_not(None)
    )
    return [(end - start).total_seconds() for start, end in session.execute(query.limit(limit))]


def first_error(session: Session, run_pk: int) -> str:
    """Return which task of a run failed first and why, in one line; nothing where no task says why."""
    tasks = task_instance.c
    query = (
        sa.select(tasks.task_id, tasks.reason)
        .where(tasks.run_pk == run_pk, tasks.state == TaskState.FAILED, tasks.reason != "")
        .order_by(tasks.end_date, tasks.id)
        .limit(1)
    )
    found = session.execute(query).first()
    return f"{found[0]}: {found[1]}"[:_LONGEST_ERROR] if found else ""


_FACTS: Final = (
    sa.or_(R.start_date.is_not(None), R.state.in_([RunState.SUCCESS, RunState.FAILED])),
    R.state == RunState.SUCCESS,
    R.state == RunState.RUNNING,
)


def facts_of_runs(session: Session, run_pks: Collection[int]) -> dict[int, RunFacts]:
    """Return how far runs are; one that is gone is left out."""
    query = sa.select(R.id, *_FACTS).where(R.id.in_(sorted(run_pks)))
    return {row[0]: RunFacts(*map(bool, row[1:])) for row in session.execute(query)}


def facts_of_day(session: Session, start: datetime, end: datetime) -> dict[str, RunFacts]:
    """Return how far the runs are that were due after `start` and by `end`, by DAG; a DAG without any is left out."""
    due = sa.and_(R.run_after > start, R.run_after <= end)
    query = sa.select(R.dag_id, *_FACTS)
    # What was due after `start` ended after it, or has not ended.
    both = query.where(due, R.end_date > start).union_all(query.where(due, is_in(R.state, ACTIVE_RUNS)))
    found: dict[str, RunFacts] = {}
    for dag_id, *facts in session.execute(both):
        found[dag_id] = _furthest(found.get(dag_id), RunFacts(*map(bool, facts)))
    return found


def _furthest(one: RunFacts | None, other: RunFacts) -> RunFacts:
    if one is None:
        return other
    return RunFacts(
        one.has_started or other.has_started,
        one.has_succeeded or other.has_succeeded,
        one.is_running or other.is_running,
    )


def active_dags(session: Session, dag_ids: Collection[str] | None = None) -> list[DagFacts]:
    """Return the DAGs that are neither paused nor retired, or those of them that are named."""
    query = sa.select(D.dag_id, D.owner, D.next_run_at).where(D.retired_at.is_(None), ~D.is_paused)
    tagged = sa.select(dag_tag.c.dag_id, dag_tag.c.name)
    if dag_ids is not None:
        query = query.where(D.dag_id.in_(sorted(dag_ids)))
        tagged = tagged.where(dag_tag.c.dag_id.in_(sorted(dag_ids)))
    tags: dict[str, list[str]] = {}
    for dag_id, name in session.execute(tagged):
        tags.setdefault(dag_id, []).append(name)
    return [
        DagFacts(Marks(dag_id, owner, tuple(tags.get(dag_id, ()))), next_run_at)
        for dag_id, owner, next_run_at in session.execute(query.order_by(D.dag_id))
    ]


def declared_rules(
    session: Session, dag_ids: Collection[str] | None = None, *, limit: int | None = None
) -> list[AlertRule]:
    """Return the rules that the files of DAGs declare: of all, of these, of so many; retired ones are left out."""
    query = sa.select(D.dag_id, D.alerts).where(sa.text("dag.alerts IS NOT NULL"), D.retired_at.is_(None))
    if dag_ids is not None:
        query = query.where(D.dag_id.in_(sorted(dag_ids)))
    rows = session.execute(query.order_by(D.dag_id).limit(limit))
    return [rule for dag_id, declared in rows for rule in rules_of_dag(declared, dag_id)]


def queue_lags(session: Session) -> dict[str, Lag]:
    """Return since when the longest wait in each queue has lasted.

    That is the oldest attempt that waits for a worker; in a queue that no worker serves, the oldest task, too.
    """
    serving: dict[str, int] = {}
    workers = live_workers(session)
    for each in workers:
        for queue in each.queues:
            serving[queue] = serving.get(queue, 0) + 1
    queued = _oldest(session, attempt.c.queue, attempt.c.queued_at, attempt.c.state, AttemptState.QUEUED)
    tasks = task_instance.c
    waiting = _oldest(session, tasks.queue, tasks.scheduled_at, tasks.state, TaskState.SCHEDULED)
    slots = queue_slots(workers)
    unserved = {queue: since for queue, since in waiting.items() if not slots.get(queue)}
    return {
        queue: Lag(queue, min(each for each in (queued.get(queue), unserved.get(queue)) if each), serving.get(queue, 0))
        for queue in sorted({*queued, *unserved})
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssetAge:
    """An asset that promises freshness, and when it changed last."""

    name: str
    freshness: Data
    changed_at: datetime


def asset_ages(session: Session) -> list[AssetAge]:
    """Return the assets that promise freshness; those that have never changed are left out."""
    newest = (
        sa.select(asset_event.c.at)
        .where(asset_event.c.name == asset.c.name)
        .order_by(asset_event.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(asset.c.name, asset.c.freshness, newest).where(asset.c.freshness.is_not(None))
    return [AssetAge(*row) for row in session.execute(query.order_by(asset.c.name)) if row[2] is not None]


def _oldest(
    session: Session, queue: sa.Column[str], since: sa.Column[Any], state: sa.Column[str], wanted: str
) -> dict[str, datetime]:
    query = sa.select(queue, sa.func.min(since)).where(is_in(state, [wanted]), since.is_not(None))
    return {row[0]: row[1] for row in session.execute(query.group_by(queue))}


def lost_workers(session: Session) -> dict[str, LostWorker]:
    """Return the workers whose lease ran out, by the database's clock, without their having stopped."""
    query = sa.select(W.id, W.hostname, W.lease_until).where(W.stopped_at.is_(None), W.lease_until < db_now())
    return {row[0]: LostWorker(*row) for row in session.execute(query.order_by(W.id))}
