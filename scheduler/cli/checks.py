"""`dirigent dags check`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from scheduler.cli.checking import Checked, check
from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.options import read_pairs
from scheduler.cli.output import print_json
from scheduler.cli.version import own_version
from scheduler.errors import DirigentError
from scheduler.logs.terminal import safe
from scheduler.testing.checks.findings import counts
from scheduler.testing.checks.rules import Level
from scheduler.testing.checks.sarif import to_sarif

_COLORS: Final = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


class CouldNotRun(click.ClickException):
    """The check itself did not come to an end."""

    exit_code = 2


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option(
    "--import-limit",
    "limit_s",
    type=click.FloatRange(min=0.01),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="What one import may take.",
)
@click.option(
    "--var", "variables", multiple=True, metavar="KEY=VALUE", help="A variable that exists elsewhere."
)
@pass_invocation
def check_dags(
    invocation: Invocation,
    paths: Sequence[Path],
    form: str,
    *,
    strict: bool,
    limit_s: float,
    variables: Sequence[str],
) -> int:
    """Check DAG files without running them: those at and below PATHS, else the DAG folder.

    Exit 0: no errors (hints and warnings may be); 1: errors; 2: the check could not run.
    """
    try:
        checked = check(invocation, paths, read_pairs(variables), limit_s)
    except (DirigentError, OSError) as error:
        raise CouldNotRun(str(error)) from error
    _PRINTED[form](checked)
    count = counts(checked.findings)
    return int(bool(count[Level.ERROR] or (strict and count[Level.WARNING])))


def _print_text(checked: Checked) -> None:
    for each in checked.findings:
        level = click.style(f"{each.level}[{each.rule}]", fg=_COLORS[each.level])
        click.echo(f"{safe(f'{each.file}:{each.line}')}: {level} {safe(each.message)}")
    count = counts(checked.findings)
    said = ", ".join(_counted(count[level], word) for level, word in _WORDS.items())
    click.echo(f"{_counted(checked.file_count, 'file')}, {_counted(checked.dag_count, 'DAG')}: {said}.")


def _print_findings(checked: Checked) -> None:
    count = {str(level): number for level, number in counts(checked.findings).items()}
    print_json({"findings": [asdict(each) for each in checked.findings], "counts": count})


def _print_sarif(checked: Checked) -> None:
    print_json(to_sarif(checked.findings, own_version()))


_WORDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "hint"}
_PRINTED: Final = {"text": _print_text, "json": _print_findings, "sarif": _print_sarif}


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
