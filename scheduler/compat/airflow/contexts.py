"""Small functions around the context of a running task."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.operators.python import from_context
from scheduler.sdk.context import Context


@dataclass(frozen=True, slots=True)
class ParsingContext:
    """Which DAG and task a file is loaded for; None: for all of them, as Dirigent loads whole files."""

    dag_id: str | None = None
    task_id: str | None = None


def get_parsing_context() -> ParsingContext:
    """Return what the file is loaded for."""
    return ParsingContext()


def context_merge(context: Context, *additions: Mapping[str, Any], **kwargs: Any) -> None:
    """Add names to a context."""
    for each in (*additions, kwargs):
        context.update(each)


def context_to_airflow_vars(context: Mapping[str, Any], in_env_var_format: bool = False) -> dict[str, str]:
    """Return what names the running task, for the environment of a command or the comment of a query."""
    instance, run = context["ti"], context["dag_run"]
    values = {
        "dag_id": instance.dag_id,
        "task_id": instance.task_id,
        "execution_date": run.logical_date.isoformat() if run.logical_date else "",
        "try_number": str(instance.try_number),
        "dag_run_id": run.run_id,
    }
    form = "AIRFLOW_CTX_{}" if in_env_var_format else "airflow.ctx.{}"
    return {form.format(name.upper() if in_env_var_format else name): each for name, each in values.items()}


def determine_kwargs(
    func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return those of the named values that a function takes beside its first ones."""
    return from_context(func, kwargs, len(args), ())


class KeywordParameters:
    """The named values that a function takes."""

    def __init__(self, kwargs: Mapping[str, Any]) -> None:
        self._kwargs = kwargs

    @classmethod
    def determine(
        cls, func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]
    ) -> KeywordParameters:
        """Choose them."""
        return cls(determine_kwargs(func, args, kwargs))

    def unpacking(self) -> Mapping[str, Any]:
        """Return them."""
        return self._kwargs


def render_template_to_string(template: Any, context: Mapping[str, Any]) -> str:
    """Render a Jinja template."""
    return str(template.render(**context))
