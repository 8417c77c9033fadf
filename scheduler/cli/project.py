"""`dirigent init`: a new project from the templates of this package."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template
from typing import Final

import click

from scheduler.errors import BadId, Conflict

#: Suffix of template files: no linter, test runner or packager mistakes them for this project's own.
SUFFIX: Final = ".in"
HIDDEN_PREFIX: Final = "dot-"
NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Write a new project into FOLDER: a DAG, its test, a CI file, a Dockerfile, settings."""
    name = folder.resolve().name
    if not NAME.fullmatch(name):
        raise BadId("project name", name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not empty; name a new folder.")
    for path in write_project(folder, name):
        click.echo(f"  {folder / path}")
    click.echo(f"\nNow: cd {folder} && dirigent up")


def write_project(folder: Path, name: str) -> list[Path]:
    """Write all templates with the project's name filled in; return the paths below the folder."""
    written = []
    for path, template in _templates(files("scheduler.cli") / "templates", PurePosixPath()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = template.read_text(encoding="utf-8")
        target.write_text(Template(text).safe_substitute(name=name), encoding="utf-8")
        written.append(Path(path))
    return sorted(written)


def _templates(folder: Traversable, below: PurePosixPath) -> list[tuple[PurePosixPath, Traversable]]:
    found: list[tuple[PurePosixPath, Traversable]] = []
    for item in folder.iterdir():
        path = below / item.name.replace(HIDDEN_PREFIX, ".", 1).removesuffix(SUFFIX)
        if item.is_dir():
            found += _templates(item, path)
        elif item.name.endswith(SUFFIX):
            found.append((path, item))
    return found
