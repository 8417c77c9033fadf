"""How files are read that were written for another system: their arguments, dates and names in templates.

None is spoken in a process until its file turns out to need one; a file of Dirigent's own costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.wire import RunInfo


class Dialect(Protocol):
    """What stands between the author's words and Dirigent's."""

    @property
    def name(self) -> str:
        """What `wire.DagSpec.compat` says of DAGs that are written in it."""

    @property
    def context_names(self) -> frozenset[str]:
        """Names that a task's context has beside Dirigent's own."""

    def dag_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a DAG as Dirigent takes them."""

    def group_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those arguments of a task group that Dirigent does not know, but for what may be dropped."""

    def task_arguments(self, given: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
        """Return the arguments that all operators take, as Dirigent takes them; `known` are its own."""

    def instant(self, name: str, moment: datetime) -> datetime:
        """Return an instant for a date without a time zone."""

    def moment(self, moment: datetime) -> datetime:
        """Return an instant of Dirigent's as code in this dialect expects it."""

    def context(self, dag: DAG, run: RunInfo, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the context with its further names."""


_spoken: list[Dialect] = []


def speak(dialect: Dialect | None) -> None:
    """Read files in this dialect from now on; None: in Dirigent's own words."""
    _spoken[:] = [] if dialect is None else [dialect]


def current() -> Dialect | None:
    """Return the dialect of the file that is loaded or run, if it has one."""
    return _spoken[0] if _spoken else None
