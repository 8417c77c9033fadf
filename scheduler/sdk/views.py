"""What else Airflow's code asks of a DAG, a task and a task instance: other views of what is there."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scheduler.errors import BadDag

if TYPE_CHECKING:
    from scheduler.sdk.context import Context
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.instance import DagRun
    from scheduler.sdk.operator import BaseOperator


class TaskViews:
    """Views of a task."""

    if TYPE_CHECKING:
        task_id: str
        dag: DAG | None

        @property
        def upstream_task_ids(self) -> frozenset[str]:
            """Full ids of the tasks that this one waits for."""

        @property
        def downstream_task_ids(self) -> frozenset[str]:
            """Full ids of the tasks that wait for this one."""

    @property
    def upstream_list(self) -> list[BaseOperator]:
        """The tasks that this one waits for."""
        return _tasks(self.dag, self.upstream_task_ids)

    @property
    def downstream_list(self) -> list[BaseOperator]:
        """The tasks that wait for this one."""
        return _tasks(self.dag, self.downstream_task_ids)

    def get_direct_relatives(self, upstream: bool = False) -> list[BaseOperator]:
        """Return the tasks right before this one, or right after it."""
        return self.upstream_list if upstream else self.downstream_list

    def has_dag(self) -> bool:
        """Whether the task is part of a DAG."""
        return self.dag is not None

    def render_template(self, content: Any, context: Context, *_more: Any) -> Any:
        """Render text with the task's own templates, whatever it is nested in."""
        templates = importlib.import_module("scheduler.sdk.templates")
        return templates.Renderer(self, context["dag"], context).render(content)

    def xcom_push(self, context: Context, key: str, value: Any) -> None:
        """Keep a value under the running task and this key."""
        context["ti"].xcom_push(key, value)

    def xcom_pull(
        self,
        context: Context,
        task_ids: str | Iterable[str] | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Any:
        """Return a value of another task."""
        named = {} if key is None else {"key": key}
        return context["ti"].xcom_pull(task_ids, **named, **more)


class DagViews:
    """Views of a DAG."""

    if TYPE_CHECKING:
        dag_id: str
        fileloc: str
        task_dict: dict[str, BaseOperator]

    @property
    def roots(self) -> list[BaseOperator]:
        """The tasks that wait for none."""
        return [task for task in self.task_dict.values() if not task.upstream_task_ids]

    @property
    def leaves(self) -> list[BaseOperator]:
        """The tasks that none waits for."""
        return [task for task in self.task_dict.values() if not task.downstream_task_ids]

    @property
    def task_count(self) -> int:
        """How many tasks there are."""
        return len(self.task_dict)

    def has_task(self, task_id: str) -> bool:
        """Whether there is a task of this full id."""
        return task_id in self.task_dict

    def add_tasks(self, tasks: Iterable[BaseOperator]) -> None:
        """Add tasks that were made outside."""
        for task in tasks:
            self.add_task(task)

    def add_task(self, task: BaseOperator) -> None:
        """Add one; a DAG does it."""
        raise NotImplementedError

    def topological_sort(self, *_more: Any) -> tuple[BaseOperator, ...]:
        """Return all tasks, each after those that it waits for."""
        done: dict[str, BaseOperator] = {}
        while len(done) < len(self.task_dict):
            ready = [
                task
                for task_id, task in self.task_dict.items()
                if task_id not in done and task.upstream_task_ids <= done.keys()
            ]
            if not ready:
                raise BadDag(f"DAG {self.dag_id!r} has tasks that wait for each other in a circle.")
            done |= {task.task_id: task for task in ready}
        return tuple(done.values())


class InstanceViews:
    """Views of a task instance."""

    if TYPE_CHECKING:
        task: BaseOperator
        dag_run: DagRun

    @property
    def operator(self) -> str:
        """The kind of its task."""
        return self.task.operator_name

    def get_dagrun(self, *_more: Any) -> DagRun:
        """Return its run."""
        return self.dag_run

    def get_template_context(self, *_more: Any) -> Mapping[str, Any]:
        """Return the context of the running task."""
        context: Mapping[str, Any] = importlib.import_module("scheduler.sdk.context").get_current_context()
        return context


def _tasks(dag: DAG | None, task_ids: Iterable[str]) -> list[BaseOperator]:
    return [dag.task_dict[each] for each in sorted(task_ids)] if dag else []
