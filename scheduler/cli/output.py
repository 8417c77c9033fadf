"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scheduler.logs.terminal import safe, safe_json

Row = Mapping[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

#: Width of a table that goes into a file or a pipe: wide enough that nothing is cut.
PIPE_WIDTH: Final = 1000
#: What a cell begins with that a spreadsheet takes for a formula.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
STATE_STYLES: Final = {
    "success": "green",
    "failed": "bold red",
    "upstream_failed": "red",
    "running": "cyan",
    "queued": "yellow",
    "up_for_retry": "yellow",
    "awaiting_input": "bold yellow",
    "lost": "red",
}


def output_option(command: F) -> F:
    """Give a command `--output table|json`."""
    choice = click.Choice(["table", "json"])
    option = click.option(
        "-o", "--output", type=choice, default="table", show_default=True, help="How to print."
    )
    return option(command)


def print_rows(rows: Iterable[Row], columns: Sequence[str], output: str) -> None:
    """Print records: all their fields as JSON, or some of them as a table."""
    if output == "json":
        print_json([dict(row) for row in rows])
    else:
        _console().print(_table(rows, columns))


def print_csv(rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Print records as CSV with a head line; a text that a spreadsheet would compute is marked as text."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(row.get(column)) for column in columns] for row in rows)


def _csv_cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def print_record(record: Row, output: str) -> None:
    """Print one record: as JSON, or a line a field."""
    if output == "json":
        print_json(dict(record))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in record.items():
        table.add_row(Text(name, style="bold"), _cell(name, value))
    _console().print(table)


def print_json(value: object) -> None:
    """Print JSON; instants in ISO 8601."""
    click.echo(safe_json(json.dumps(value, indent=2, default=_encoded, ensure_ascii=False)))


def json_line(record: Row) -> str:
    """Return a record as one line of JSON, for commands that go on printing."""
    return safe_json(json.dumps(record, default=_encoded, ensure_ascii=False)) + "\n"


def _encoded(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _console() -> Console:
    is_terminal = sys.stdout.isatty()
    return Console(width=None if is_terminal else PIPE_WIDTH, highlight=False)


def _table(rows: Iterable[Row], columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, row.get(column)) for column in columns))
    return table


def _cell(name: str, value: object) -> Text:
    text = _text(value)
    return Text(text, style=STATE_STYLES.get(text, "") if name.endswith("state") else "")


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case dict() | list():
            return safe(json.dumps(value, ensure_ascii=False, default=_encoded))
        case _:
            return safe(str(value))
