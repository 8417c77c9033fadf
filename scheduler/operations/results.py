"""What a run returned to whoever started it."""

from __future__ import annotations

from typing import Protocol

from scheduler.core.states import RUN_FINISHED
from scheduler.errors import Conflict
from scheduler.store import Session
from scheduler.store.results import read_results
from scheduler.wire import DagSpec, Data, Json


class Ended(Protocol):
    """A run, as one of its rows."""

    @property
    def id(self) -> int:
        """Key of the row."""

    @property
    def dag_id(self) -> str:
        """Its DAG."""

    @property
    def run_id(self) -> str:
        """Its id."""

    @property
    def state(self) -> str:
        """Where it stands."""


def returning(spec: DagSpec) -> list[str]:
    """Return the tasks that say what a run returns."""
    return [task.task_id for task in spec.tasks if task.returns_dag_result]


def looped(spec: DagSpec) -> list[str]:
    """Return the tasks of which the last iteration's value counts."""
    return [task.task_id for task in spec.tasks if task.loop]


def results_of(session: Session, run: Ended, spec: DagSpec) -> Data:
    """Return what a run returned, by task; nothing before it has ended. Values are as `sdk.xcom` writes them."""
    if run.state not in RUN_FINISHED:
        return {}
    return read_results(session, run.id, returning(spec), looped(spec))


def whole(results: Data) -> Json:
    """Return the value where one task gave it, else the values by task."""
    return next(iter(results.values())) if len(results) == 1 else results


def returned(session: Session, run: Ended, spec: DagSpec) -> Data:
    """Return what a run returned. Raises Conflict before it has ended, and where it returned nothing."""
    names = returning(spec)
    if not names:
        raise Conflict(f"No task of DAG {run.dag_id!r} is marked with @result, so its runs return nothing.")
    if run.state not in RUN_FINISHED:
        raise Conflict(f"Run {run.run_id!r} is {run.state}: it returns something once it has ended.")
    if found := read_results(session, run.id, names, looped(spec)):
        return found
    raise Conflict(
        f"Run {run.run_id!r} is {run.state} and returned nothing: {', '.join(names)} kept no value."
    )
