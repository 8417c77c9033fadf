"""`dirigent config`: the settings in force, and the reference of all."""

from __future__ import annotations

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_record
from scheduler.config.reference import reference as reference_page


@click.group()
def config() -> None:
    """Show the settings in force, and what can be set."""


@config.command()
@output_option
@pass_invocation
def show(invocation: Invocation, output: str) -> None:
    """Print the settings of this folder and environment; secrets are hidden."""
    print_record(invocation.settings.shown(), output)


@config.command()
def reference() -> None:
    """Print the page of all settings: names, variables, defaults, meanings."""
    click.echo(reference_page(), nl=False)
