"""`dirigent variables`."""

from __future__ import annotations

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import read_stdin, show_secrets_option
from scheduler.cli.output import output_option, print_json, print_rows
from scheduler.operations.variables import read_variable, remove_variable, set_variable
from scheduler.store.variables import get_variables, list_variables
from scheduler.store.views.fields import MASK, variable_fields


@click.group()
def variables() -> None:
    """List, get, set and delete variables: named texts for DAGs, kept encrypted."""


@variables.command("list")
@show_secrets_option
@output_option
@pass_invocation
def list_(invocation: Invocation, *, show_secrets: bool, output: str) -> None:
    """List the variables, without their values."""
    with invocation.db.read() as session:
        found = list_variables(session)
        keys = [each.key for each in found] if show_secrets else []
        values = get_variables(session, invocation.cipher, keys) if keys else {}
    rows = [variable_fields(each, values.get(each.key, MASK)) for each in found]
    print_rows(rows, ["key", "value", "description"], output)


@variables.command()
@click.argument("key")
@output_option
@pass_invocation
def get(invocation: Invocation, key: str, output: str) -> None:
    """Print the value of a variable."""
    with invocation.db.read() as session:
        value = read_variable(session, invocation.cipher, key)
        found = [each for each in list_variables(session) if each.key == key]
    if output == "json":
        print_json(variable_fields(found[0], value))
    else:
        click.echo(value)


@variables.command("set")
@click.argument("key")
@click.argument("value", callback=read_stdin)
@click.option("--description", help="What it is for; else it stays as it is.")
@pass_invocation
def set_(invocation: Invocation, key: str, value: str, description: str | None) -> None:
    """Set a variable. With `-` as VALUE it is read from standard input, which keeps it out of the shell's history."""
    now, cipher = invocation.now(), invocation.cipher
    invocation.db.transact(
        lambda session: set_variable(session, now, cipher, key, value, description=description, actor=ACTOR)
    )
    click.echo(f"Variable {key} is set.")


@variables.command()
@click.argument("key")
@pass_invocation
def delete(invocation: Invocation, key: str) -> None:
    """Delete a variable."""
    now = invocation.now()
    invocation.db.transact(lambda session: remove_variable(session, now, key, actor=ACTOR))
    click.echo(f"Variable {key} was deleted.")
