"""Runs: the lists of a DAG's runs, one run with its tasks, events and artifacts."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, and_, cast, false, func, literal_column, or_, select

from scheduler.core.states import RunState, RunType
from scheduler.store.absent import no_run
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.tables import ACTIVE_RUNS, dag, dag_run, dag_tag, dag_version, event, task_instance
from scheduler.store.views.calendar import is_due
from scheduler.wire import Data


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its row holds it."""

    id: int
    dag_id: str
    run_id: str
    run_type: str
    state: str
    version_id: int
    snapshot_id: int
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    queued_at: datetime
    start_date: datetime | None
    end_date: datetime | None
    triggered_by: str
    note: str
    reason: str
    is_aside: bool
    conf: Data
    params: Data
    deadlines: list[Data] | None
    bundle_version: str | None
    partition_key: str | None
    partition_date: datetime | None
    backfill_id: int | None
    version_number: int


@dataclass(frozen=True, slots=True)
class Task:
    """One task instance of a run."""

    id: int
    task_id: str
    path: str
    state: str
    try_number: int
    max_tries: int
    queued_at: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    retry_at: datetime | None
    hostname: str
    reason: str
    operator: str
    pool: str
    queue: str
    priority: int
    scheduled_at: datetime | None
    rendered_map_index: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One change of state, and who made it."""

    id: int
    at: datetime
    kind: str
    task_id: str
    path: str
    from_state: str | None
    to_state: str | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunWanted:
    """What a list of runs is narrowed to."""

    dag_id: str = ""
    state: str = ""
    text: str = ""  #: part of a dag_id
    #: The logical date, else when it was due: from, until before.
    due: tuple[datetime, datetime] | None = None
    version: int = 0  #: number of a version; 0: any
    run_type: str = ""
    owner: str = ""  #: of the DAG
    tag: str = ""  #: of the DAG
    words: str = ""  #: part of the conf, the note or the run_id; reads each run (`reach_back`)


#: Runs that are read for one that was triggered by hand: a schedule may have made a million since.
_LOOKED_AT: Final = 500
#: Runs that are read for words of their conf or note, which no index knows.
_READ_FOR_WORDS: Final = 20_000
_RUN = tuple(dag_run.c[name] for name in Run.__slots__ if name != "version_number")
_TASK = tuple(task_instance.c[name] for name in Task.__slots__)


def _runs() -> Select[Any]:
    return select(*_RUN, dag_version.c.number).join(dag_version, dag_version.c.id == dag_run.c.version_id)


def list_runs(
    session: Session,
    wanted: RunWanted,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
    offset: int = 0,
) -> list[Run]:
    """Return runs, newest first; `before` is the id of the last one of the page that came before."""
    statement = _runs().where(*_conditions(wanted))
    if after is not None:
        statement = statement.where(dag_run.c.id > after)
    if before is not None:
        statement = statement.where(dag_run.c.id < before)
    # The few that are active are sorted; read from the newest on, all that ended would be passed over.
    newest = literal_column("+dag_run.id") if wanted.state in ACTIVE_RUNS else dag_run.c.id
    page = statement.order_by(newest.desc()).limit(limit).offset(offset)
    return [Run(*row) for row in session.execute(page)]


def reach_back(
    session: Session, wanted: RunWanted, before: int | None, *, most: int = _READ_FOR_WORDS
) -> int | None:
    """Return the id of the oldest run that is not read for words with the others; None where all can be."""
    if not wanted.words:
        return None
    others = _conditions(replace(wanted, words=""))
    older = [dag_run.c.id < before] if before is not None else []
    ids = select(dag_run.c.id).where(*others, *older).order_by(dag_run.c.id.desc())
    return session.scalar(ids.offset(most).limit(1))


def list_named(session: Session, names: Collection[tuple[str, str]]) -> list[Run]:
    """Return the runs of these dag_ids and run_ids that there are, newest first."""
    # DAG by DAG, not as pairs in one list: SQLite finds no index for those, and reads every run.
    of_dags = groupby(sorted(names), key=itemgetter(0))
    named = (
        and_(dag_run.c.dag_id == dag_id, dag_run.c.run_id.in_([each[1] for each in pairs]))
        for dag_id, pairs in of_dags
    )
    is_named = or_(false(), *named)
    # The few that are named are sorted; read from the newest on, all that are not would be passed over.
    newest: ColumnElement[int] = literal_column("+dag_run.id")
    return [Run(*row) for row in session.execute(_runs().where(is_named).order_by(newest.desc()))]


def last_by_hand(session: Session, dag_id: str) -> Run | None:
    """Return the newest run of a DAG that was triggered by hand, if one is among its newest 500."""
    newest = select(dag_run.c.id, dag_run.c.run_type).where(dag_run.c.dag_id == dag_id)
    few = newest.order_by(dag_run.c.id.desc()).limit(_LOOKED_AT).subquery()
    wanted = select(func.max(few.c.id)).where(few.c.run_type == RunType.MANUAL).scalar_subquery()
    row = session.execute(_runs().where(dag_run.c.id == wanted)).first()
    return Run(*row) if row else None


def count_runs(session: Session, wanted: RunWanted) -> int:
    """Count the runs that `list_runs` would page through."""
    return session.scalar(select(func.count()).select_from(dag_run).where(*_conditions(wanted))) or 0


def _conditions(wanted: RunWanted) -> list[ColumnElement[bool]]:
    out = _of_dags(wanted)
    if wanted.state:
        out.append(_is_in_state(wanted.state))
    if wanted.version:
        each = dag_version.alias("numbered")
        numbered = select(each.c.id).where(each.c.number == wanted.version, each.c.dag_id == dag_run.c.dag_id)
        out.append(dag_run.c.version_id.in_(numbered.correlate(dag_run)))
    if wanted.due:
        out.append(is_due(*wanted.due))
    if wanted.run_type:
        out.append(dag_run.c.run_type == wanted.run_type)
    if wanted.words:
        out.append(_holds(wanted.words))
    return out


def _of_dags(wanted: RunWanted) -> list[ColumnElement[bool]]:
    """Tell which DAGs the runs are of."""
    out = [dag_run.c.dag_id == wanted.dag_id] if wanted.dag_id else []
    named = select(dag.c.dag_id)
    if wanted.text:
        out.append(dag_run.c.dag_id.in_(named.where(dag.c.dag_id.icontains(wanted.text, autoescape=True))))
    if wanted.owner:
        out.append(dag_run.c.dag_id.in_(named.where(dag.c.owner == wanted.owner)))
    if wanted.tag:
        out.append(dag_run.c.dag_id.in_(select(dag_tag.c.dag_id).where(dag_tag.c.name == wanted.tag)))
    return out


def _holds(words: str) -> ColumnElement[bool]:
    """Tell whether the words stand in a run's conf, note or run_id."""
    as_json = json.dumps(words)[1:-1]  # as a conf is stored: in ASCII
    in_conf = cast(dag_run.c.conf, Text).icontains(as_json, autoescape=True)
    texts = (dag_run.c.note, dag_run.c.run_id)
    return or_(in_conf, *(each.icontains(words, autoescape=True) for each in texts))


def _is_in_state(state: str) -> ColumnElement[bool]:
    """Tell the state of a run, in the words of the partial index that knows it."""
    if state in ACTIVE_RUNS:
        return and_(is_in(dag_run.c.state, ACTIVE_RUNS), dag_run.c.state == state)
    return is_in(dag_run.c.state, [state]) if state in set(RunState) else dag_run.c.state == state


def count_live(session: Session) -> dict[str, int]:
    """Return how many runs are queued and running; runs that have ended are not counted, they may be millions."""
    state = dag_run.c.state
    statement = select(state, func.count()).where(is_in(state, ACTIVE_RUNS)).group_by(state)
    return {"queued": 0, "running": 0} | {name: int(count) for name, count in session.execute(statement)}


def find_run(session: Session, dag_id: str, run_id: str) -> Run:
    """Return one run.

    Raises NotFound.
    """
    row = session.execute(_runs().where(dag_run.c.dag_id == dag_id, dag_run.c.run_id == run_id)).one_or_none()
    if row is None:
        raise no_run(session, dag_id, run_id)
    return Run(*row)


def list_tasks(session: Session, run_pk: int) -> list[Task]:
    """Return the task instances of a run, by task and path."""
    ti = task_instance.c
    found = session.execute(select(*_TASK).where(ti.run_pk == run_pk).order_by(ti.task_id, ti.path))
    return [Task(*row) for row in found]


def list_events(session: Session, run_pk: int, limit: int, *, task_pk: int | None = None) -> list[Event]:
    """Return the changes of state of a run, or of one task of it, newest first."""
    ti = task_instance.c
    statement = (
        select(
            event.c.id,
            event.c.at,
            event.c.kind,
            ti.task_id,
            ti.path,
            event.c.from_state,
            event.c.to_state,
            event.c.actor,
            event.c.reason,
        )
        .outerjoin(task_instance, ti.id == event.c.ti_id)
        .where(event.c.run_pk == run_pk)
        .order_by(event.c.id.desc())
        .limit(limit)
    )
    if task_pk is not None:
        statement = statement.where(event.c.ti_id == task_pk)
    return [
        Event(row[0], row[1], row[2], row[3] or "", row[4] or "", *row[5:])
        for row in session.execute(statement)
    ]
