"""`dirigent tasks xcom` and `dirigent tasks note`."""

from __future__ import annotations

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import path_option, read_stdin, task_arguments
from scheduler.cli.output import output_option, print_json, print_rows
from scheduler.cli.task_states import read_state_value
from scheduler.core.ids import TaskKey
from scheduler.errors import NotFound
from scheduler.operations.finding import get_run, get_task
from scheduler.operations.notes import set_task_note
from scheduler.operations.xcoms import remove_xcom, set_xcom
from scheduler.plain_values import read_plain
from scheduler.store.choices import Choice
from scheduler.store.views.xcom_lists import list_entries, load_text

_MOST = 1000


@click.group()
def xcom() -> None:
    """List, get, set and delete what a task handed on."""


@xcom.command("list")
@task_arguments
@path_option
@output_option
@pass_invocation
def list_(invocation: Invocation, dag_id: str, run_id: str, task_id: str, path: str, output: str) -> None:
    """List what a task handed on, without the values."""
    named = {"dag_id": [dag_id], "run_id": [run_id], "task_id": [task_id], "map_index": [path]}
    with invocation.db.read() as session:
        get_task(session, get_run(session, dag_id, run_id), task_id, path)
        found, _ = list_entries(session, Choice(among=named), limit=_MOST)
    print_rows(
        [{"key": each.key, "timestamp": each.updated_at} for each in found], ["key", "timestamp"], output
    )


@xcom.command()
@task_arguments
@click.argument("key", default="return_value")
@path_option
@pass_invocation
def get(invocation: Invocation, dag_id: str, run_id: str, task_id: str, key: str, path: str) -> None:
    """Print one value, as JSON; without KEY what the task returned."""
    with invocation.db.read() as session:
        run = get_run(session, dag_id, run_id)
        get_task(session, run, task_id, path)
        text = load_text(session, run.id, task_id, key, path=path)
    if text is None:
        raise NotFound("XCom", key, hint=f"{task_id} has none of that key.")
    print_json(read_plain(text))


@xcom.command("set")
@task_arguments
@click.argument("key")
@click.argument("value", callback=read_stdin)
@path_option
@pass_invocation
def set_(
    invocation: Invocation, dag_id: str, run_id: str, task_id: str, key: str, value: str, path: str
) -> None:
    """Set a value: JSON, or else a text. With `-` as VALUE it is read from standard input."""
    now, what, given = invocation.now(), TaskKey(task_id, path), read_state_value(value)
    invocation.db.transact(
        lambda session: set_xcom(session, now, dag_id, run_id, what, key, given, actor=ACTOR)
    )
    click.echo(f"{key} of {task_id} is set; tasks that run from now on read it.")


@xcom.command()
@task_arguments
@click.argument("key")
@path_option
@pass_invocation
def delete(invocation: Invocation, dag_id: str, run_id: str, task_id: str, key: str, path: str) -> None:
    """Delete a value."""
    now, what = invocation.now(), TaskKey(task_id, path)
    invocation.db.transact(lambda session: remove_xcom(session, now, dag_id, run_id, what, key, actor=ACTOR))
    click.echo(f"{key} of {task_id} was deleted.")


@click.command()
@task_arguments
@click.argument("text", callback=read_stdin)
@path_option
@pass_invocation
def note(invocation: Invocation, dag_id: str, run_id: str, task_id: str, text: str, path: str) -> None:
    """Write a note on a task in place of the one that it has; "" for none, `-` to read it from standard input."""
    now = invocation.now()
    invocation.db.transact(
        lambda session: set_task_note(session, now, dag_id, run_id, task_id, path, text, actor=ACTOR)
    )
    click.echo(f"{task_id} has {'a note' if text else 'no note'} now.")
