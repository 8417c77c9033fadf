"""`dirigent secrets`."""

from __future__ import annotations

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.operations.secrets import reseal


@click.group()
def secrets() -> None:
    """Look after the keys that variables and connections are encrypted with."""


@secrets.command()
@pass_invocation
def rotate(invocation: Invocation) -> None:
    """Encrypt variables and connections anew with the first of the keys.

    To replace the key: put a new one before it, with a space between (DIRIGENT_SECRET_KEY, or the file secret_key
    of the home folder); restart all servers; call this; leave the old one out, and restart them again. Whoever
    has opened no page meanwhile signs in again.
    """
    now, cipher = invocation.now(), invocation.cipher
    done = invocation.db.transact(lambda session: reseal(session, now, cipher, actor=ACTOR))
    click.echo(
        f"{done.variables} variables and {done.connections} connections are encrypted with the first key."
    )
