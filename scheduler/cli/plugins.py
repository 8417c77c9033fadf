"""`dirigent plugins`."""

from __future__ import annotations

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.compat.airflow import finder
from scheduler.plugins.loading import load_plugins


@click.group()
def plugins() -> None:
    """Look at plugins: what the folder and installed packages add to Dirigent."""


@plugins.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> None:
    """List the plugins, what they bring, and what is wrong with one; the exit code is 1 if something is."""
    found = load_plugins(invocation.settings.plugins_folder, finder.install).found
    rows = [
        {
            "name": each.name,
            "source": each.source,
            "hooks": ", ".join(each.hooks),
            "lacks": ", ".join(each.lacks),
            "error": each.error,
        }
        for each in found
    ]
    print_rows(rows, ["name", "source", "hooks", "lacks", "error"], output)
    if any(each.error for each in found):
        raise SystemExit(1)
