"""What is assumed of tasks that do not really run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeAlias

from scheduler.errors import BadDag
from scheduler.wire import DagSpec, TaskSpec

Duration: TypeAlias = timedelta | float
#: How long a task takes: always, or by the logical date of its run.
Durations: TypeAlias = Mapping[str, Duration | Callable[[datetime], Duration]]
#: How many first tries fail, or which, or whether one does: by logical date and number.
Failures: TypeAlias = Mapping[str, int | Collection[int] | Callable[[datetime, int], bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """By `task_id`, or `dag_id/task_id` where several DAGs have such a task."""

    durations: Durations = field(default_factory=dict)
    default_duration: Duration = timedelta(0)
    fail: Failures = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)  #: of results that are mapped over; else 1
    iterations: Mapping[str, int] = field(default_factory=dict)  #: of looped tasks; else 1
    pools: Mapping[str, int] = field(
        default_factory=dict
    )  #: slots; else 128 of the default pool, any of others
    slots: int | None = None  #: tasks that all workers together run at once; None: any number
    most_runs: int = 100_000  #: a schedule that gives more is refused

    def check(self, specs: Collection[DagSpec]) -> None:
        """Raise BadDag for a name that no task has."""
        known = {name for spec in specs for task in spec.tasks for name in _names(spec.dag_id, task.task_id)}
        for name in (*self.durations, *self.fail, *self.lengths, *self.iterations):
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise BadDag(f"No DAG of the simulation has a task {name!r}.{hint}")

    def duration(self, dag_id: str, task_id: str, logical_date: datetime) -> timedelta:
        """Return how long a try takes."""
        given = _of(self.durations, dag_id, task_id, self.default_duration)
        value = given(logical_date) if callable(given) else given
        return value if isinstance(value, timedelta) else timedelta(seconds=value)

    def fails(self, dag_id: str, task_id: str, logical_date: datetime, try_number: int) -> bool:
        """Tell whether a try fails."""
        given = _of(self.fail, dag_id, task_id, 0)
        if callable(given):
            return bool(given(*(logical_date, try_number)[: len(inspect.signature(given).parameters)]))
        return try_number <= given if isinstance(given, int) else try_number in given

    def length(self, dag_id: str, task_id: str) -> int:
        """Return how long a list a task hands on."""
        return int(_of(self.lengths, dag_id, task_id, 1))

    def goes_on(self, dag_id: str, task: TaskSpec, done: int) -> bool:
        """Tell whether a looped task is done again after so many iterations."""
        return task.loop is not None and done < min(
            task.loop.max_iterations, _of(self.iterations, dag_id, task.task_id, 1)
        )


def _names(dag_id: str, task_id: str) -> tuple[str, str]:
    return f"{dag_id}/{task_id}", task_id


def _of(given: Mapping[str, Any], dag_id: str, task_id: str, default: Any) -> Any:
    return next((given[name] for name in _names(dag_id, task_id) if name in given), default)
