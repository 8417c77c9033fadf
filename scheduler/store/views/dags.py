"""The list of DAGs, and what stands at the head of each DAG's page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, or_, select

from scheduler.core.states import RunState
from scheduler.errors import NotFound
from scheduler.store.absent import no_dag
from scheduler.store.blobs import load_blobs
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.snapshots import load_manifest
from scheduler.store.tables import ACTIVE_RUNS, dag, dag_favorite, dag_run, dag_tag, dag_version
from scheduler.store.versions import VersionRef
from scheduler.store.views.last_runs import NO_RUNS, Bar, LastRuns, last_runs


@dataclass(frozen=True, slots=True)
class DagRow:
    """One DAG in the list."""

    dag_id: str
    version_id: int
    file: str
    description: str
    owner: str
    is_paused: bool
    next_run_at: datetime | None
    retired_at: datetime | None
    aside_reason: str = ""
    bundle_version: str | None = None
    tags: tuple[str, ...] = ()
    last: LastRuns = NO_RUNS

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Its last runs, oldest first."""
        return self.last.bars

    @property
    def usual_s(self) -> float | None:
        """How long a good run usually takes."""
        return self.last.usual_s


@dataclass(frozen=True, slots=True)
class DagCounts:
    """How many DAGs each filter of the list holds."""

    all: int
    failing: int
    running: int
    paused: int


@dataclass(frozen=True, slots=True)
class DagWanted:
    """What the list is narrowed to."""

    text: str = ""
    tag: str = ""
    state: str = ""  #: failing | running | paused | empty for all
    favorite_of: str = ""  #: a person; empty: whether a favourite or not


_ROW = (
    dag.c.dag_id,
    dag.c.version_id,
    dag.c.file,
    dag.c.description,
    dag.c.owner,
    dag.c.is_paused,
    dag.c.next_run_at,
    dag.c.retired_at,
    dag.c.aside_reason,
    dag.c.bundle_version,
)


def _newest_verdict_failed() -> ColumnElement[bool]:
    newest = (
        select(dag_run.c.state)
        .where(dag_run.c.dag_id == dag.c.dag_id, dag_run.c.state.in_((RunState.SUCCESS, RunState.FAILED)))
        .order_by(dag_run.c.id.desc())
        .limit(1)
    )
    # Few ever failed; an index knows which.
    failed = select(dag_run.c.dag_id).where(dag_run.c.state == literal_column("'failed'"))
    return and_(dag.c.dag_id.in_(failed), newest.scalar_subquery() == RunState.FAILED)


def _has_active_run() -> ColumnElement[bool]:
    return dag.c.dag_id.in_(select(dag_run.c.dag_id).where(is_in(dag_run.c.state, ACTIVE_RUNS)))


def _matches(word: str) -> ColumnElement[bool]:
    """Tell whether a DAG's name, owner or one of its tags holds a word, whatever its case."""
    tagged = select(dag_tag.c.name).where(
        dag_tag.c.dag_id == dag.c.dag_id, func.lower(dag_tag.c.name).contains(word, autoescape=True)
    )
    return or_(
        func.lower(dag.c.dag_id).contains(word, autoescape=True),
        func.lower(dag.c.owner).contains(word, autoescape=True),
        exists(tagged),
    )


def _conditions(wanted: DagWanted) -> list[ColumnElement[bool]]:
    out = [dag.c.retired_at.is_(None), *(_matches(word) for word in wanted.text.lower().split())]
    if wanted.tag:
        has_tag = select(dag_tag.c.name).where(dag_tag.c.dag_id == dag.c.dag_id, dag_tag.c.name == wanted.tag)
        out.append(exists(has_tag))
    if wanted.favorite_of:
        kept = select(dag_favorite.c.dag_id).where(dag_favorite.c.user_name == wanted.favorite_of)
        out.append(dag.c.dag_id.in_(kept))
    if wanted.state in _STATES:
        out.append(_STATES[wanted.state]())
    return out


_STATES: dict[str, Callable[[], ColumnElement[bool]]] = {
    "failing": _newest_verdict_failed,
    "running": _has_active_run,
    "paused": lambda: dag.c.is_paused,
}


def list_dags(
    session: Session, wanted: DagWanted, *, limit: int, offset: int = 0, first: Collection[str] = ()
) -> list[DagRow]:
    """Return one page of the DAGs in force, by name, with their tags and last runs; some stand first."""
    order = [dag.c.dag_id.in_(sorted(first)).desc()] if first else []
    statement = select(*_ROW).where(*_conditions(wanted)).order_by(*order, dag.c.dag_id)
    rows = [DagRow(*row) for row in session.execute(statement.limit(limit).offset(offset))]
    return _with_history(session, rows)


def list_favorites(session: Session, user_name: str) -> set[str]:
    """Return the DAGs that a person keeps at hand."""
    return set(session.scalars(select(dag_favorite.c.dag_id).where(dag_favorite.c.user_name == user_name)))


def find_dag(session: Session, dag_id: str) -> DagRow:
    """Return one DAG, retired or not.

    Raises NotFound.
    """
    row = session.execute(select(*_ROW).where(dag.c.dag_id == dag_id)).one_or_none()
    if row is None:
        raise no_dag(session, dag_id)
    return _with_history(session, [DagRow(*row)])[0]


def _with_history(session: Session, rows: list[DagRow]) -> list[DagRow]:
    ids = [row.dag_id for row in rows]
    tags, last = _tags(session, ids), last_runs(session, ids)
    return [replace(row, tags=tags.get(row.dag_id, ()), last=last.get(row.dag_id, NO_RUNS)) for row in rows]


def _tags(session: Session, dag_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    found = session.execute(
        select(dag_tag.c.dag_id, dag_tag.c.name).where(dag_tag.c.dag_id.in_(dag_ids)).order_by(dag_tag.c.name)
    )
    for dag_id, name in found:
        out[dag_id] = (*out.get(dag_id, ()), name)
    return out


def count_by_filter(session: Session, wanted: DagWanted) -> DagCounts:
    """Count what each filter would show, given the words and the tag."""
    states = ("", "failing", "running", "paused")
    counts = [_count(session, replace(wanted, state=state)) for state in states]
    return DagCounts(*counts)


def _count(session: Session, wanted: DagWanted) -> int:
    return session.scalar(select(func.count()).select_from(dag).where(*_conditions(wanted))) or 0


def list_tags(session: Session) -> list[str]:
    """Return every tag of the DAGs in force, by name."""
    found = session.scalars(
        select(dag_tag.c.name)
        .join(dag, dag.c.dag_id == dag_tag.c.dag_id)
        .where(dag.c.retired_at.is_(None))
        .distinct()
        .order_by(dag_tag.c.name)
    )
    return list(found)


def find_version(session: Session, version_id: int) -> VersionRef:
    """Return which version of its DAG this is, and since when.

    Raises NotFound.
    """
    columns = [dag_version.c[name] for name in VersionRef.__slots__]
    row = session.execute(select(*columns).where(dag_version.c.id == version_id)).one_or_none()
    if row is None:
        raise NotFound("version", str(version_id))
    return VersionRef(*row)


def load_source(session: Session, snapshot_id: int, path: str) -> str:
    """Return the text of a file as a snapshot holds it.

    Raises NotFound.
    """
    entry = load_manifest(session, snapshot_id).get(path)
    found = load_blobs(session, [entry.hash]) if entry else {}
    if entry is None or entry.hash not in found:
        raise NotFound("file", path)
    return found[entry.hash].decode("utf-8", errors="replace")
