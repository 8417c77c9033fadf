"""`dirigent connections`."""

from __future__ import annotations

from typing import Any

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import read_stdin, show_secrets_option
from scheduler.cli.output import output_option, print_record, print_rows
from scheduler.errors import NotFound
from scheduler.operations.connections import read_connection, read_uri, remove_connection, set_connection
from scheduler.store.connections import Connection, list_connections, load_connections
from scheduler.store.views.fields import connection_fields


@click.group()
def connections() -> None:
    """List, get, set and delete connections: where other systems are and how to sign in to them."""


@connections.command("list")
@show_secrets_option
@output_option
@pass_invocation
def list_(invocation: Invocation, *, show_secrets: bool, output: str) -> None:
    """List the connections, their secrets masked."""
    with invocation.db.read() as session:
        if show_secrets:
            rows = list(map(connection_fields, load_connections(session, invocation.cipher)))
        else:
            rows = list(map(connection_fields, list_connections(session)))
    columns = ["connection_id", "conn_type", "host", "port", "schema", "login", "password", "extra"]
    print_rows(rows, [*columns, "description"], output)


@connections.command()
@click.argument("conn_id")
@show_secrets_option
@output_option
@pass_invocation
def get(invocation: Invocation, conn_id: str, *, show_secrets: bool, output: str) -> None:
    """Show one connection, its secrets masked."""
    with invocation.db.read() as session:
        if show_secrets:
            found = connection_fields(read_connection(session, invocation.cipher, conn_id))
        else:
            refs = {each.conn_id: each for each in list_connections(session)}
            if conn_id not in refs:
                raise NotFound("connection", conn_id)
            found = connection_fields(refs[conn_id])
    print_record(found, output)


@connections.command("set")
@click.argument("conn_id")
@click.option("--uri", callback=read_stdin, help="All of it as TYPE://LOGIN:PASSWORD@HOST:PORT/SCHEMA?EXTRA.")
@click.option("--type", "conn_type", help="Its type, such as postgres or http.")
@click.option("--host", help="Name or address of the server.")
@click.option("--port", type=int, help="Port of the server.")
@click.option("--schema", help="The database, or what the type calls a schema.")
@click.option("--login", help="Name of the user there.")
@click.option("--password", callback=read_stdin, help="Password of the user; - reads it from standard input.")
@click.option("--extra", callback=read_stdin, help="More fields, as a JSON object.")
@click.option("--description", default="", help="What it is for.")
@pass_invocation
def set_(invocation: Invocation, /, conn_id: str, uri: str | None, description: str, **fields: Any) -> None:
    """Make a connection, or replace all of it: by --uri or by its fields.

    With `-` in place of a URI, password or extra it is read from standard input, which keeps it out of the
    shell's history.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    if bool(given) == (uri is not None):
        raise click.UsageError("Give --uri, or --type and other fields.")
    if uri is not None:
        wanted = read_uri(conn_id, uri, description=description)
    else:
        wanted = Connection(conn_id=conn_id, description=description, **({"conn_type": ""} | given))
    now, cipher = invocation.now(), invocation.cipher
    invocation.db.transact(lambda session: set_connection(session, now, cipher, wanted, actor=ACTOR))
    click.echo(f"Connection {conn_id} is set.")


@connections.command()
@click.argument("conn_id")
@pass_invocation
def delete(invocation: Invocation, conn_id: str) -> None:
    """Delete a connection."""
    now = invocation.now()
    invocation.db.transact(lambda session: remove_connection(session, now, conn_id, actor=ACTOR))
    click.echo(f"Connection {conn_id} was deleted.")
