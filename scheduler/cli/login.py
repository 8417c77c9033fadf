"""`dirigent login`: a link that signs in once."""

from __future__ import annotations

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.parts.lock import address_of_server
from scheduler.operations.sign_in import make_link, sign_out_everywhere


@click.command()
@click.option(
    "--revoke-all", is_flag=True, help="Sign all browsers out first, and let no older link sign in any more."
)
@pass_invocation
def login(invocation: Invocation, revoke_all: bool) -> None:
    """Print a fresh sign-in link for the page; it works once, within 15 minutes."""
    settings = invocation.settings
    address = settings.base_url or address_of_server(settings.home) or settings.page_url
    with invocation.db.write() as session:
        if revoke_all:
            ended = sign_out_everywhere(session, invocation.now())
            click.echo(f"Sessions of the page that were ended: {ended}.", err=True)
        link = make_link(session, invocation.now(), address)
    click.echo(link)
