"""`dirigent db`: create, change and check the tables."""

from __future__ import annotations

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.errors import DatabaseUnavailable
from scheduler.store import migrate
from scheduler.store.migrations import HEAD, REVISIONS


@click.group()
def db() -> None:
    """Create, change and check the tables."""


@db.command()
@pass_invocation
def upgrade(invocation: Invocation) -> None:
    """Create the tables, or bring older ones to the newest form."""
    database = invocation.open_database()
    migrate.upgrade(database)
    click.echo(f"{database.name} is at {HEAD}.")


@db.command()
@click.argument("revision")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def downgrade(invocation: Invocation, revision: str, *, yes: bool) -> None:
    """Undo the migrations after REVISION; `base` drops all tables with what they hold."""
    database = invocation.open_database()
    yes or click.confirm(f"Change {database.name} back to {revision}? Data may be lost", abort=True)
    migrate.downgrade(database, revision)
    click.echo(f"{database.name} is at {revision}.")


@db.command()
@pass_invocation
def check(invocation: Invocation) -> None:
    """Exit 0 when the database answers and its tables are current, else 1."""
    database = invocation.open_database()
    database.ping()
    found = migrate.current(database)
    if found != HEAD:
        raise DatabaseUnavailable(
            f"The database {database.name} is at {found or 'nothing'}, this program needs {HEAD}; "
            "run `dirigent db upgrade`."
        )
    click.echo(f"{database.name} answers and is at {HEAD}.")


@db.command()
@output_option
@pass_invocation
def history(invocation: Invocation, output: str) -> None:
    """List the migrations that this program knows, and which one the database is at."""
    found = migrate.current(invocation.open_database())
    rows = [{"revision": each, "is_current": each == found} for each in REVISIONS]
    print_rows(rows, ["revision", "is_current"], output)
