"""`dirigent users`."""

from __future__ import annotations

import sys

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.operations.accounts import (
    create_account,
    remove_account,
    roles_of,
    set_active,
    set_password,
    set_roles,
)
from scheduler.store.accounts import list_accounts
from scheduler.store.views.access import account_fields

_COLUMNS = ["username", "kind", "active", "roles", "sign_in", "last_seen_at"]
_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; else it is asked for."
)


@click.group()
def users() -> None:
    """Make accounts of people and programs, and say what they may do.

    A role is Viewer, User, Op, Admin or one of your own (`dirigent roles`). It is about everything, or about some DAGs:
    User@team:NAME (those with the tag team:NAME), User@dag:DAG_ID, User@tag:TAG.
    """


def _read_password(name: str, *, password_stdin: bool) -> str:
    if password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is nobody to ask for the password: give it with --password-stdin.")
    answer: str = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    return answer


@users.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, help="What they may do; may be given several times."
)
@click.option("--service", "is_service", is_flag=True, help="A program: no password, it comes in by tokens.")
@_stdin_option
@pass_invocation
def create(
    invocation: Invocation, name: str, roles: tuple[str, ...], is_service: bool, password_stdin: bool
) -> None:
    """Create an account."""
    db, now = invocation.db, invocation.now()
    password = None if is_service else _read_password(name, password_stdin=password_stdin)
    db.transact(
        lambda session: create_account(
            session, now, name, roles=roles, password=password, is_service=is_service, actor=ACTOR
        )
    )
    click.echo(f"{name} was created: {', '.join(roles)}.")


@users.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> None:
    """List the accounts with their roles."""
    with invocation.db.read() as session:
        found = list_accounts(session)
        roles = roles_of(session, [each.name for each in found])
    print_rows([account_fields(each, roles.get(each.name, ())) for each in found], _COLUMNS, output)


@users.command("roles")
@click.argument("name")
@click.argument("roles", nargs=-1, required=True)
@pass_invocation
def roles_(invocation: Invocation, name: str, roles: tuple[str, ...]) -> None:
    """Let NAME have these roles and no others, from the next request on."""
    now = invocation.now()
    invocation.db.transact(lambda session: set_roles(session, now, name, roles, actor=ACTOR))
    click.echo(f"{name} is {', '.join(roles)}.")


@users.command()
@click.argument("name")
@_stdin_option
@pass_invocation
def passwd(invocation: Invocation, name: str, password_stdin: bool) -> None:
    """Set a password; whoever is signed in by the old one has to sign in again."""
    db, now = invocation.db, invocation.now()
    password = _read_password(name, password_stdin=password_stdin)
    db.transact(lambda session: set_password(session, now, name, password, actor=ACTOR))
    click.echo(f"The password of {name} was set, their sessions were ended.")


@users.command()
@click.argument("name")
@pass_invocation
def disable(invocation: Invocation, name: str) -> None:
    """Let NAME in no more: sessions end at once, tokens are revoked."""
    now = invocation.now()
    invocation.db.transact(lambda session: set_active(session, now, name, is_active=False, actor=ACTOR))
    click.echo(f"{name} cannot sign in any more; their sessions were ended, their tokens revoked.")


@users.command()
@click.argument("name")
@pass_invocation
def enable(invocation: Invocation, name: str) -> None:
    """Let NAME in again; tokens that were revoked stay so."""
    now = invocation.now()
    invocation.db.transact(lambda session: set_active(session, now, name, is_active=True, actor=ACTOR))
    click.echo(f"{name} can sign in.")


@users.command()
@click.argument("name")
@pass_invocation
def delete(invocation: Invocation, name: str) -> None:
    """Delete an account with its roles, tokens and sessions; what it did stays on record."""
    now = invocation.now()
    invocation.db.transact(lambda session: remove_account(session, now, name, actor=ACTOR))
    click.echo(f"{name} was deleted.")
