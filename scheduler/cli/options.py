"""Values that several commands take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from scheduler.clock import parse_instant
from scheduler.core.scaling import Span

F = TypeVar("F", bound=Callable[..., Any])


class Instant(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """An ISO 8601 instant with an offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - as click declares it
        """Read the instant, or fail with what is missing."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class SpanOfSlots(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """The most and the least slots of a worker that scales itself, as Celery's users write it: 16,2."""

    name = "max,min"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Span:  # noqa: ANN401 - as click declares it
        """Read the two numbers, or fail with what they must be."""
        if isinstance(value, Span):
            return value
        most, _, least = str(value).partition(",")
        if not (most.strip().isdecimal() and least.strip().isdecimal()):
            self.fail(f"{value!r} is not of the form MAX,MIN, such as 16,2", param, ctx)
        span = Span(floor=int(least), ceiling=int(most))
        if not 1 <= span.floor <= span.ceiling:
            self.fail(f"{value!r}: MIN must be 1 or more, and MAX no less than MIN", param, ctx)
        return span


def read_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """Read options of the form KEY=VALUE."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not of the form KEY=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def dag_argument(command: F) -> F:
    """Give a command `DAG_ID`."""
    return click.argument("dag_id")(command)


def run_arguments(command: F) -> F:
    """Give a command `DAG_ID RUN_ID`."""
    return dag_argument(click.argument("run_id")(command))


def task_arguments(command: F) -> F:
    """Give a command `DAG_ID RUN_ID TASK_ID`."""
    return run_arguments(click.argument("task_id")(command))


def show_secrets_option(command: F) -> F:
    """Give a command `--show-secrets`."""
    option = click.option("--show-secrets", is_flag=True, help="Show what is masked otherwise.")
    return option(command)


def read_stdin(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Read `-` as what stands on standard input, without the line end after it."""
    return sys.stdin.read().removesuffix("\n") if value == "-" else value


def read_path(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Take -1 for a task that is not mapped, as Airflow calls it."""
    return "" if value == "-1" else value


path_option = click.option(
    "--map-index",
    "--path",
    "path",
    default="",
    callback=read_path,
    help="Which instance of a mapped task, such as 3, or 3.1 in a mapped group.",
)
