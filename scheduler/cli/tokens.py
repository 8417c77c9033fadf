"""`dirigent tokens`."""

from __future__ import annotations

from datetime import timedelta

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.operations.api_tokens import create_token, revoke_token
from scheduler.store.api_tokens import list_tokens
from scheduler.store.views.access import token_fields

_COLUMNS = ["id", "username", "name", "scopes", "state", "created_at", "expires_at", "last_used_at"]


@click.group()
def tokens() -> None:
    """Make and revoke the tokens that programs carry: `Authorization: Bearer TOKEN`."""


@tokens.command()
@click.argument("user")
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(min=1, max=3660), default=90, show_default=True, help="How long it lasts."
)
@click.option("--forever", is_flag=True, help="It lasts until it is revoked.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="A right that it has (dag.read, dag.run, ...), of those that USER has; may be given several times. "
    "Without any it has all of them.",
)
@pass_invocation
def create(
    invocation: Invocation, user: str, name: str, days: int, forever: bool, scopes: tuple[str, ...]
) -> None:
    """Make a token of USER's, NAME saying what for. It is printed once and can never be shown again."""
    now, lasts = invocation.now(), None if forever else timedelta(days=days)
    made = invocation.db.transact(
        lambda session: create_token(session, now, user, name, lasts=lasts, rights=scopes, actor=ACTOR)
    )
    until = f"until {made.expires_at:%Y-%m-%d}" if made.expires_at else "until it is revoked"
    click.echo(
        f"Token {made.id} of {user} counts {until}; `dirigent tokens revoke {made.id}` ends it.", err=True
    )
    click.echo(made.token)


@tokens.command("list")
@click.option("--user", help="Those of this account only.")
@output_option
@pass_invocation
def list_(invocation: Invocation, user: str | None, output: str) -> None:
    """List the tokens, newest first; the tokens themselves nobody can show."""
    with invocation.db.read() as session:
        found = list_tokens(session, user)
    rows = [token_fields(each, invocation.now()) for each in found]
    print_rows(rows, _COLUMNS, output)


@tokens.command()
@click.argument("token_id", type=int, metavar="ID")
@pass_invocation
def revoke(invocation: Invocation, token_id: int) -> None:
    """Let a token count no more, at once."""
    now = invocation.now()
    invocation.db.transact(lambda session: revoke_token(session, now, token_id, actor=ACTOR))
    click.echo(f"Token {token_id} counts no more.")
