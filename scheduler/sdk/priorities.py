"""Priorities by a rule of the author's own: a class that gives each task its weight.

It is asked where the file is parsed, once a task, as no server runs code of the DAG folder: what it says of a task
holds for all tries of it, and is not added to that of its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from scheduler.errors import BadDag
from scheduler.sdk.arguments import bad_argument

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.operator import BaseOperator

_MOST: Final = 2**31 - 1


@dataclass(frozen=True)
class WeighedTask:
    """A task before any of its tries, as a strategy is asked about it."""

    dag_id: str
    task: BaseOperator
    try_number: int = 0
    map_index: int = -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)


class PriorityWeightStrategy:
    """A rule for priorities: override `get_weight`, and give an object of it as `weight_rule`."""

    def get_weight(self, ti: WeighedTask) -> int:
        """Return the priority of a task, the highest first."""
        raise NotImplementedError(f"{type(self).__name__} has no get_weight(); override it.")

    def serialize(self) -> dict[str, Any]:
        """Return what makes it differ from others of its class."""
        return {}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> PriorityWeightStrategy:
        """Return the strategy of this data. Dirigent does not call it."""
        return cls(**data)


def read_strategy(name: str, value: object) -> Any:
    """Read an object with `get_weight`, its class, or the path of that."""
    found = _of_path(name, value) if isinstance(value, str) else value
    strategy = found() if isinstance(found, type) else found
    if not callable(getattr(strategy, "get_weight", None)):
        raise bad_argument(
            name, value, "give downstream, upstream, absolute, or a PriorityWeightStrategy of your own"
        )
    return strategy


def _of_path(name: str, path: str) -> Any:
    module, _, attribute = path.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise bad_argument(name, path, f"it cannot be found: {error}") from None


def weigh(strategy: Any, dag: DAG, task: BaseOperator) -> int:
    """Ask a strategy. Raises BadDag for what is no priority, and what the strategy raises."""
    weight = strategy.get_weight(WeighedTask(dag.dag_id, task))
    if isinstance(weight, bool) or not isinstance(weight, int) or abs(weight) > _MOST:
        raise BadDag(
            f"{type(strategy).__name__}.get_weight() answered {weight!r} for task {task.task_id!r} of DAG "
            f"{dag.dag_id!r}; return a whole number."
        )
    return weight
