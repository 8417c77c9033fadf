"""What a test takes for granted: tasks that do not run, their states, and what they handed on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from scheduler.core.graph import TaskGraph
from scheduler.core.states import TaskState
from scheduler.errors import BadDag
from scheduler.sdk.dag import DAG
from scheduler.sdk.results import RETURN_KEY
from scheduler.sdk.xcom import encode
from scheduler.testing.answering import Answer

States = dict[str, dict[str, TaskState]]


@dataclass(frozen=True, slots=True)
class Given:
    """`only` these tasks run, all where it is None; the others stand as `states` say, else as successes."""

    only: frozenset[str] | None = None
    states: Mapping[str, Mapping[str, TaskState]] = field(default_factory=dict)  #: by task and path
    xcoms: Mapping[tuple[str, str, str], Any] = field(default_factory=dict)  #: by task, key and path; encoded
    answers: Mapping[str, Answer] = field(default_factory=dict)  #: what people answer tasks

    def states_at_first(self, graph: TaskGraph) -> States:
        """Return the states in which a run begins."""
        return {task_id: self._paths(graph, task_id) for task_id in graph.tasks}

    def _paths(self, graph: TaskGraph, task_id: str) -> dict[str, TaskState]:
        known = graph.dimensions.known_paths(task_id)
        if self.only is None or task_id in self.only:
            return dict.fromkeys(known, TaskState.NONE)
        if task_id in self.states:
            return dict(self.states[task_id])
        handed_on = [path for name, _, path in self.xcoms if name == task_id]
        return dict.fromkeys(handed_on or known, TaskState.SUCCESS)


def read_given(dag: DAG, only: Collection[str] | None, xcoms: Mapping[str, Any]) -> Given:
    """Return what `DAG.test` was given; raises BadDag for a task that the DAG does not have, and NotSerializable."""
    for task_id in [*(only or ()), *xcoms]:
        check_task(dag, task_id)
    kept: dict[tuple[str, str, str], Any] = {}
    for task_id, value in xcoms.items():
        kept |= _handed_on(dag, task_id, value)
    return Given(None if only is None else frozenset(only), {}, kept)


def check_task(dag: DAG, task_id: str) -> None:
    """Raise BadDag for a task that the DAG does not have."""
    if task_id not in dag.task_dict:
        near = get_close_matches(task_id, dag.task_ids, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadDag(f"DAG {dag.dag_id!r} has no task {task_id!r} that the test could play.{hint}")


def _handed_on(dag: DAG, task_id: str, value: Any) -> dict[tuple[str, str, str], Any]:
    """Return the value as the task keeps it: of a mapped task a list, an item an instance."""
    task = dag.task_dict[task_id]
    what = f"The value of task {task_id!r}"
    if task.dimensions:
        if len(task.dimensions) > 1 or not isinstance(value, list | tuple):
            raise BadDag(f"{what} must be a list with an item an instance: {task_id!r} is mapped, once.")
        return {
            (task_id, RETURN_KEY, str(place)): encode(each, what=what) for place, each in enumerate(value)
        }
    parts = value if task.multiple_outputs and isinstance(value, Mapping) else {}
    return {(task_id, key, ""): encode(each, what=what) for key, each in {**parts, RETURN_KEY: value}.items()}
