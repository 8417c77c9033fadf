"""`dirigent roles`."""

from __future__ import annotations

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.operations.accounts import remove_role, set_role
from scheduler.security.rights import ROLES
from scheduler.store.accounts import list_roles


@click.group()
def roles() -> None:
    """List roles with their rights, and make roles of your own."""


@roles.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> None:
    """List the roles with their rights."""
    with invocation.db.read() as session:
        own = list_roles(session)
    rows = [
        {"role": name, "made": made, "rights": ", ".join(sorted(rights))}
        for made, found in (("always there", ROLES), ("of your own", own))
        for name, rights in found.items()
    ]
    print_rows(rows, ["role", "made", "rights"], output)


@roles.command("set")
@click.argument("name")
@click.argument("rights", nargs=-1, required=True)
@pass_invocation
def set_(invocation: Invocation, name: str, rights: tuple[str, ...]) -> None:
    """Make a role of these rights (dag.read, log.read, ...), or replace its rights."""
    now = invocation.now()
    held = invocation.db.transact(lambda session: set_role(session, now, name, rights, actor=ACTOR))
    click.echo(f"The role {name} holds {', '.join(held)}.")


@roles.command()
@click.argument("name")
@pass_invocation
def delete(invocation: Invocation, name: str) -> None:
    """Delete a role of your own, and take it from everybody who has it."""
    now = invocation.now()
    invocation.db.transact(lambda session: remove_role(session, now, name, actor=ACTOR))
    click.echo(f"The role {name} was deleted.")
