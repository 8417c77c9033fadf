"""The page of all commands, `docs/commands.md`: printed from the commands themselves.

python -m scheduler.cli.reference > docs/commands.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from scheduler.cli.shell import dirigent

HEAD: Final = """# Commands

What `dirigent <command> --help` says, on one page. An error is one line on standard error and exit 1, with its
traceback after `dirigent -v`; a command line that is not understood is exit 2. Lists and records are tables for
people; `--output json` gives programs the field names of the API.
"""


def commands_page() -> str:
    """Return the page."""
    context = click.Context(dirigent, info_name="dirigent")
    return "\n".join([HEAD, *_sections(dirigent, context)])


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        below = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _sections(command, below)
        else:
            yield _section(command, below)


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## `{context.command_path}`", "", command.help or "", "", f"    {usage}", ""]
    options = [param for param in command.params if isinstance(param, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context))]
    lines += [f"- `{names}`: {text}" for names, text in records]
    return "\n".join([*lines, ""] if records else lines)


if __name__ == "__main__":
    click.echo(commands_page(), nl=False)
