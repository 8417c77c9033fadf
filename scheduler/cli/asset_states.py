"""`dirigent assets state`."""

from __future__ import annotations

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import read_stdin
from scheduler.cli.output import output_option, print_rows
from scheduler.cli.task_states import read_state_value
from scheduler.operations.states import read_asset_states, remove_asset_states, set_asset_state
from scheduler.store.views.fields import state_fields


@click.group()
def state() -> None:
    """List, set and delete what is kept with an asset (`asset_state_store`)."""


@state.command("list")
@click.argument("name")
@output_option
@pass_invocation
def list_(invocation: Invocation, name: str, output: str) -> None:
    """List what is kept with an asset, by its name or URI."""
    with invocation.db.read() as session:
        found = read_asset_states(session, invocation.now(), name)
    rows = [state_fields(each) | {"updated_by": each.updated_by} for each in found]
    print_rows(rows, ["key", "value", "updated_at", "updated_by"], output)


@state.command("set")
@click.argument("name")
@click.argument("key")
@click.argument("value", callback=read_stdin)
@pass_invocation
def set_(invocation: Invocation, name: str, key: str, value: str) -> None:
    """Set a value: JSON, or else a text. With `-` as VALUE it is read from standard input."""
    now, kept = invocation.now(), read_state_value(value)
    invocation.db.transact(lambda session: set_asset_state(session, now, name, key, kept, actor=ACTOR))
    click.echo(f"{key} of {name} is set.")


@state.command()
@click.argument("name")
@click.argument("key", required=False)
@click.option("--all", "is_all", is_flag=True, help="All keys.")
@pass_invocation
def delete(invocation: Invocation, name: str, key: str | None, *, is_all: bool) -> None:
    """Delete a key, or all of them with --all."""
    if (key is None) != is_all:
        raise click.UsageError("Name one KEY, or give --all.")
    now = invocation.now()
    count = invocation.db.transact(lambda session: remove_asset_states(session, now, name, key, actor=ACTOR))
    click.echo(f"{key} of {name} was deleted." if key else f"{count} keys of {name} were deleted.")
