"""How a duty does many things in one transaction: all at once; where that fails, one by one.

At once costs nothing beside the work, and one thing that cannot be done undoes all. One by one gives each a savepoint
of its own: what fails is set aside, with the reason in words, and the others are done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Generic, Protocol, TypeVar

from scheduler.store.dags import DueDag
from scheduler.store.engine import Session
from scheduler.store.faults import is_outage
from scheduler.store.runs import RunRow
from scheduler.store.setting_aside import AGAIN_IN, set_dag_aside, set_run_aside
from scheduler.store.transaction import apart

log: Final = logging.getLogger(__name__)
T = TypeVar("T")
S = TypeVar("S")
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Aside(Generic[T]):
    """What an item belongs to, and how that is set aside."""

    key: Callable[[T], Hashable]
    write: Callable[[Session, datetime, Any, str], None]


OF_RUN: Final[Aside[RunRow]] = Aside(lambda run: run.id, set_run_aside)
OF_DAG: Final[Aside[DueDag]] = Aside(lambda due: due.dag_id, set_dag_aside)


class Way(Protocol):
    """Does `work` to items that a duty has found."""

    def __call__(
        self,
        session: Session,
        now: datetime,
        items: Sequence[S],
        work: Callable[[Sequence[S]], object],
        aside: Aside[S],
    ) -> None:
        """Call `work` with all items, or with those of one run or DAG at a time."""


def at_once(
    session: Session,
    now: datetime,
    items: Sequence[T],
    work: Callable[[Sequence[T]], object],
    aside: Aside[T],
) -> None:
    """Do all together; what fails, fails all."""
    if items:
        work(items)


def one_by_one(
    session: Session,
    now: datetime,
    items: Sequence[T],
    work: Callable[[Sequence[T]], object],
    aside: Aside[T],
) -> None:
    """Do those of one run or DAG at a time; set aside what fails, unless it is the database that does."""
    for key, group in _grouped(items, aside.key):
        try:
            with apart(session):
                work(group)
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("%r is set aside", key)
            aside.write(session, now, key, reason_of(error))


def _grouped(items: Iterable[T], key: Callable[[T], Any]) -> list[tuple[Any, list[T]]]:
    return [(each, list(group)) for each, group in groupby(sorted(items, key=key), key)]


def reason_of(error: Exception) -> str:
    """Say in words why something is set aside."""
    # What SQLAlchemy tells has the statement in it, which says nothing to people.
    cause = getattr(error, "orig", None) or error
    said = " ".join(str(cause).split())[:_LONGEST]
    minutes = AGAIN_IN.total_seconds() / 60
    return (
        f"Set aside: the scheduler cannot go on with it ({type(cause).__name__}: {said}). It is tried again every "
        f"{minutes:g} minutes, and once somebody changes it; the scheduler's log says more."
    )
