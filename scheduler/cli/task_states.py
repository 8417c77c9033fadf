"""`dirigent tasks state`."""

from __future__ import annotations

import json

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import path_option, read_stdin, task_arguments
from scheduler.cli.output import output_option, print_json, print_record, print_rows
from scheduler.operations.states import read_state, read_states, remove_states, set_state
from scheduler.store.views.fields import state_fields
from scheduler.wire import Json


@click.group()
def state() -> None:
    """List, get, set and delete what a task keeps between its attempts (`task_state_store`)."""


@state.command("list")
@task_arguments
@path_option
@output_option
@pass_invocation
def list_(invocation: Invocation, dag_id: str, run_id: str, task_id: str, path: str, output: str) -> None:
    """List what a task keeps."""
    with invocation.db.read() as session:
        found = read_states(session, invocation.now(), dag_id, run_id, task_id, path=path)
    print_rows([state_fields(each) for each in found], ["key", "value", "updated_at", "expires_at"], output)


@state.command()
@task_arguments
@click.argument("key")
@path_option
@output_option
@pass_invocation
def get(
    invocation: Invocation, dag_id: str, run_id: str, task_id: str, key: str, path: str, output: str
) -> None:
    """Print one value, as JSON."""
    with invocation.db.read() as session:
        row = read_state(session, invocation.now(), dag_id, run_id, task_id, key, path=path)
    if output == "json":
        print_record(state_fields(row), output)
    else:
        print_json(row.value)


@state.command("set")
@task_arguments
@click.argument("key")
@click.argument("value", callback=read_stdin)
@path_option
@pass_invocation
def set_(
    invocation: Invocation, dag_id: str, run_id: str, task_id: str, key: str, value: str, path: str
) -> None:
    """Set a value: JSON, or else a text. With `-` as VALUE it is read from standard input."""
    now, kept = invocation.now(), read_state_value(value)
    invocation.db.transact(
        lambda session: set_state(session, now, dag_id, run_id, task_id, key, kept, path=path, actor=ACTOR)
    )
    click.echo(f"{key} of {task_id} is set; the task's next attempt finds it.")


def read_state_value(text: str) -> Json:
    """Read what is to be kept: JSON, or else a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if value is None:
        raise click.BadParameter("null cannot be kept: delete the key instead.")
    return value


@state.command()
@task_arguments
@click.argument("key", required=False)
@click.option("--all", "is_all", is_flag=True, help="All keys.")
@path_option
@pass_invocation
def delete(
    invocation: Invocation,
    dag_id: str,
    run_id: str,
    task_id: str,
    key: str | None,
    path: str,
    *,
    is_all: bool,
) -> None:
    """Delete a key, or all of them with --all."""
    if (key is None) != is_all:
        raise click.UsageError("Name one KEY, or give --all.")
    now = invocation.now()
    count = invocation.db.transact(
        lambda session: remove_states(session, now, dag_id, run_id, task_id, key, path=path, actor=ACTOR)
    )
    click.echo(f"{key} of {task_id} was deleted." if key else f"{count} keys of {task_id} were deleted.")
