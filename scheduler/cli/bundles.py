"""`dirigent bundles`."""

from __future__ import annotations

from typing import Final

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.operations.refresh import refresh_bundle
from scheduler.store.bundles import find_bundle
from scheduler.store.views.fields import bundle_fields

COLUMNS: Final = ["name", "url", "tracking_ref", "version", "last_refreshed", "error"]


@click.group()
def bundles() -> None:
    """Show the git repository that DAG files come from, and have it looked at."""


@bundles.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> int:
    """List the repositories with the commit in force; exit 1 when the last fetch failed."""
    with invocation.db.read() as session:
        bundle = find_bundle(session)
    if bundle is None and output != "json":
        click.echo(
            "DAG files come from a folder, not from a git repository; dags_git_url names one.", err=True
        )
    print_rows([bundle_fields(bundle)] if bundle else [], COLUMNS, output)
    return 1 if bundle and bundle.error else 0


@bundles.command()
@pass_invocation
def refresh(invocation: Invocation) -> None:
    """Have the repository fetched at once, by the scheduler that leads."""
    now = invocation.now()
    invocation.db.transact(lambda session: refresh_bundle(session, now, actor=ACTOR))
    click.echo("The repository is looked at. `dirigent bundles list` shows the commit in force.")
