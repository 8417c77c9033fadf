"""`dirigent login`: a link that signs in once."""

from __future__ import annotations

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.parts.lock import address_of_server
from scheduler.operations.sign_in import make_link


@click.command()
@pass_invocation
def login(invocation: Invocation) -> None:
    """Print a fresh sign-in link for the page; it works once, within 15 minutes."""
    settings = invocation.settings
    address = settings.base_url or address_of_server(settings.home) or settings.page_url
    with invocation.db.write() as session:
        link = make_link(session, invocation.now(), address)
    click.echo(link)
