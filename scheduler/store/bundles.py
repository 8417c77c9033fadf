"""Where DAG files are fetched from: what was fetched last, how it failed, and whether somebody wants a look.

The leader writes a row after each fetch; who wants one raises a count, which the leader compares with what it saw last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.tables import dag_bundle
from scheduler.store.transaction import request_wake
from scheduler.store.upsert import insert_into, replacing

B = dag_bundle.c
#: The DAG folder itself, as Airflow names it.
NAME: Final = "dags-folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a bundle comes from; `url` is without its password, `view_url` the template of a commit's page."""

    url: str
    ref: str
    subdir: str = ""
    view_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A commit, as it says of itself."""

    version: str
    committed_at: str = ""
    author: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle as it stands. `version`: the commit in force, None before the first."""

    name: str
    url: str
    ref: str
    subdir: str
    view_url: str
    version: str | None
    committed_at: str | None
    author: str
    subject: str
    refreshed_at: datetime | None
    error: str | None
    error_since: datetime | None
    requests: int


_ROW: Final = tuple(B[name] for name in BundleRow.__slots__)


def find_bundle(session: Session) -> BundleRow | None:
    """Return the bundle of the DAG folder; None where that is no repository."""
    row = session.execute(sa.select(*_ROW).where(B.name == NAME)).one_or_none()
    return None if row is None else BundleRow(*row)


def open_bundle(session: Session, source: Source) -> BundleRow:
    """Write where the bundle comes from, and return it as it stands."""
    values = {"url": source.url, "ref": source.ref, "subdir": source.subdir, "view_url": source.view_url}
    statement = insert_into(session, dag_bundle).values(
        name=NAME, author="", subject="", requests=0, **values
    )
    session.execute(replacing(statement, *values))
    found = find_bundle(session)
    assert found is not None
    return found


def forget_bundle(session: Session) -> None:
    """Delete the bundle: the DAG folder is no repository any more."""
    session.execute(sa.delete(dag_bundle).where(B.name == NAME))


def count_requests(session: Session) -> int:
    """Return how often a look was asked for."""
    return session.scalar(sa.select(B.requests).where(B.name == NAME)) or 0


def request_refresh(session: Session, now: datetime, actor: str) -> bool:
    """Have the leader look at the repository at once; false where there is no bundle."""
    statement = sa.update(dag_bundle).where(B.name == NAME).values(requests=B.requests + 1)
    is_there = session.execute(statement.returning(B.name)).first() is not None
    if is_there:
        append(session, [Event(at=now, kind="bundle.requested", actor=actor)])
        request_wake(session)
    return is_there


def note_fetched(session: Session, now: datetime, fetched: Fetched, before: str | None) -> None:
    """Write that a commit is in force; where it is another one than before, that is an event."""
    session.execute(
        sa.update(dag_bundle)
        .where(B.name == NAME)
        .values(
            version=fetched.version,
            committed_at=fetched.committed_at,
            author=fetched.author,
            subject=fetched.subject,
            refreshed_at=now,
            error=None,
            error_since=None,
        )
    )
    if fetched.version != before:
        moved = Event(
            at=now,
            kind="bundle.version",
            from_state=before,
            to_state=fetched.version,
            actor="parser",
            reason=fetched.subject,
        )
        append(session, [moved])


def note_failed(session: Session, now: datetime, error: str) -> None:
    """Write why nothing could be fetched; what is in force stays."""
    since = sa.func.coalesce(B.error_since, sa.bindparam("since", now, type_=B.error_since.type))
    session.execute(sa.update(dag_bundle).where(B.name == NAME).values(error=error, error_since=since))
