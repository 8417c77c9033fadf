"""`dirigent dags test` and `dirigent tasks test`: runs in this process, without server and database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, Final, TypeVar

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.local_dags import load_dag
from scheduler.cli.options import Instant, dag_argument, read_pairs
from scheduler.operations.conf import read_conf
from scheduler.testing.result import RunResult
from scheduler.wire import Json

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--conf", default="", help="A JSON object for the run."),
    click.option("--logical-date", type=Instant(), help="An instant; else now."),
    click.option(
        "--var", "variables", multiple=True, metavar="KEY=VALUE", help="A variable that the DAG reads."
    ),
    click.option(
        "--conn", "connections", multiple=True, metavar="ID=URI", help="A connection that the DAG reads."
    ),
    click.option("--fail", multiple=True, metavar="TASK=TRIES", help="So many first tries of a task fail."),
    click.option("--now", type=Instant(), help="The instant at which the run begins; else now."),
)


def _given_options(command: F) -> F:
    """Give a command the options of a run in this process."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


@click.command("test")
@dag_argument
@_given_options
@click.option(
    "--mock", "mocks", multiple=True, metavar="TASK=VALUE", help="What a task returns in place of its work."
)
@pass_invocation
def test_dag(invocation: Invocation, /, dag_id: str, mocks: Sequence[str], **given: Any) -> int:
    """Run a DAG in this process, without server and database; exit 0 when the run succeeds, else 1.

    Nothing sleeps: retries and sensors put the run's clock forward. VALUE is JSON, or text.
    """
    result = _run(invocation, dag_id, mocks=_values(mocks), **given)
    return 0 if result.is_success else 1


@click.command("test")
@dag_argument
@click.argument("task_ids", nargs=-1, required=True)
@_given_options
@click.option("--xcom", "xcoms", multiple=True, metavar="TASK=VALUE", help="What another task has returned.")
@pass_invocation
def test_tasks(
    invocation: Invocation, /, dag_id: str, task_ids: Sequence[str], xcoms: Sequence[str], **given: Any
) -> int:
    """Run tasks of a DAG alone in this process, without server and database; exit 1 when one does not succeed.

    All other tasks count as done, and returned what --xcom says: JSON, or text.
    """
    result = _run(invocation, dag_id, only=task_ids, xcoms=_values(xcoms), **given)
    for task_id in task_ids:
        if (value := result.xcoms.get(task_id)) is not None:
            click.echo(f"{task_id} returned {value!r}")
    ended = {name.partition("[")[0]: state for name, state in result.task_states.items()}
    return 0 if all(ended[task_id] in ("success", "skipped") for task_id in task_ids) else 1


def _run(
    invocation: Invocation,
    dag_id: str,
    *,
    conf: str,
    logical_date: datetime | None,
    variables: Sequence[str],
    connections: Sequence[str],
    fail: Sequence[str],
    now: datetime | None,
    **more: Any,
) -> RunResult:
    settings = invocation.settings
    known = read_pairs(variables)
    dag = load_dag(settings.dags_folder, dag_id, known, settings.plugins_folder.absolute())
    return dag.test(
        run_conf=read_conf(conf),
        logical_date=logical_date,
        variables=known,
        connections=read_pairs(connections),
        fail={task_id: _count(text) for task_id, text in read_pairs(fail).items()},
        now=now,
        **more,
    )


def _values(pairs: Sequence[str]) -> dict[str, Any]:
    return {name: _value(text) for name, text in read_pairs(pairs).items()}


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _count(text: str) -> int:
    if not text.isdecimal():
        raise click.BadParameter(f"--fail: {text!r} is no number of tries")
    return int(text)
