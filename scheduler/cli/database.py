"""`dirigent db`: create, change and check the tables."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.cli.parts.lock import ServerLock
from scheduler.errors import DatabaseUnavailable
from scheduler.security.secret_key import FILE_NAME as SECRET_KEY_FILE
from scheduler.store import migrate
from scheduler.store.backup import back_up, target_of
from scheduler.store.backup import restore as put_back
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
    click.echo(f"{database.name} is at {migrate.current(database)}.")


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
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_invocation
def backup(invocation: Invocation, file: Path) -> None:
    """Copy an SQLite database into FILE while it is in use; the secret key is kept elsewhere."""
    size = back_up(invocation.db, file)
    click.echo(f"{file} holds {invocation.db.name} as it is now, {size:,} bytes.")
    if invocation.settings.secret_key is None:
        kept = invocation.settings.home / SECRET_KEY_FILE
        click.echo(f"Keep {kept} too, apart from it: without it variables and connections cannot be read.")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def restore(invocation: Invocation, file: Path, *, yes: bool) -> None:
    """Put a backup in place of all that the SQLite database holds; no server may run."""
    with closing(ServerLock(invocation.settings.home, "dirigent db restore")):
        database = invocation.open_database()
        target_of(database, file)
        yes or click.confirm(f"Replace all that {database.name} holds by {file}?", abort=True)
        revision = put_back(database, file)
    click.echo(
        f"{database.name} is as {file} says, at {revision}. Attempts that ran then will count as lost. "
        "Nobody is signed in any more: `dirigent login` prints a link."
    )


@db.command()
@pass_invocation
def check(invocation: Invocation) -> None:
    """Exit 0 when the database answers and this program can work with its tables, else 1."""
    database = invocation.open_database()
    database.ping()
    found = migrate.current(database)
    if migrate.is_ahead(found):
        click.echo(migrate.ahead_in_words(database, found))
        return
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
