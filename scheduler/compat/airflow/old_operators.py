"""Decorators and operators that Airflow 3 has no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from scheduler.compat.airflow.old_forms import warn_of
from scheduler.errors import NotInDirigent
from scheduler.operators.empty import EmptyOperator
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator

_F = TypeVar("_F", bound=Callable[..., Any])


def apply_defaults(function: _F) -> _F:
    """Return the function as it is: default_args are applied anyway."""
    warn_of("apply_defaults", "is passed over: default_args are applied anyway; leave it out")
    return function


class ExternalTaskMarker(EmptyOperator):
    """Does nothing: it names the task of another DAG that waits for this one."""

    template_fields = ("external_dag_id", "external_task_id", "logical_date")

    def __init__(
        self,
        task_id: str,
        *,
        external_dag_id: str,
        external_task_id: str,
        logical_date: Any = "{{ ts }}",
        execution_date: Any = None,
        recursion_depth: int = 10,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.logical_date = execution_date or logical_date
        self.recursion_depth = recursion_depth


class SubDagOperator(BaseOperator):
    """Cannot be made: the error says what to use in its place."""

    def __init__(self, *_args: Any, **_arguments: Any) -> NoReturn:
        raise NotInDirigent(
            f"{author_line()}: SubDagOperator is gone since Airflow 3; declare its tasks inside a TaskGroup."
        )
