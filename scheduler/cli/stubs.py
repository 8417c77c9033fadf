"""`dirigent stubs`."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.compat.airflow.stubs import write_stubs


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("typings"))
def stubs(folder: Path) -> None:
    """Write stubs by which editors and type checkers find Airflow's names, where Airflow is not installed.

    FOLDER is `typings` unless another one is given: pyright looks there by itself, mypy with `mypy_path = typings`.
    """
    count = write_stubs(folder)
    click.echo(f"Wrote {count} stubs below {folder}.")
