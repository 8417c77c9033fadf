"""`dirigent version`."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

import click

UNINSTALLED = "unknown (not installed)"


def own_version() -> str:
    """Return the version of the installed distribution."""
    try:
        return version_of("dirigent")
    except PackageNotFoundError:
        return UNINSTALLED


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(own_version())
