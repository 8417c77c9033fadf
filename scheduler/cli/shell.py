"""`dirigent`: finds a command by its name, loads its module only, and turns errors into one line."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Final

import click

from scheduler.cli.invocation import Invocation
from scheduler.errors import DirigentError
from scheduler.logs.terminal import safe

#: Name -> where its command is, and what the list of commands says of it.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("project:init", "Write a new project: a DAG, its test, a CI file, a Dockerfile."),
    "up": ("servers:up", "Run everything in this process."),
    "scheduler": ("servers:scheduler", "Run a scheduler; any number, one leads."),
    "worker": ("servers:worker", "Run a worker; any number, on any host."),
    "web": ("servers:web", "Serve the page alone."),
    "login": ("login:login", "Print a fresh sign-in link for the page."),
    "users": ("users:users", "Make accounts of people and programs; their roles and passwords."),
    "roles": ("roles:roles", "List roles, and make roles of your own."),
    "tokens": ("tokens:tokens", "Make and revoke the tokens that programs come in by."),
    "dags": ("dags:dags", "List, show, check, simulate, trigger, pause, test and delete DAGs."),
    "runs": ("runs:runs", "List, show, cancel, rerun, wait for, export and replay runs."),
    "tasks": (
        "tasks:tasks",
        "List, explain, answer, test, clear and mark tasks; read their logs, and what they keep.",
    ),
    "backfills": (
        "backfills:backfills",
        "Have runs made for a range of the past; pause, resume and cancel that.",
    ),
    "assets": ("assets:assets", "List assets and their events, say that one changed, have one made."),
    "bundles": (
        "bundles:bundles",
        "Show the git repository that DAG files come from, and have it looked at.",
    ),
    "cost": ("cost:cost", "Say what DAGs took and cost, by DAG, owner, team or day."),
    "alerts": ("alerts:alerts", "List alert rules and what fires; try a channel."),
    "plugins": ("plugins:plugins", "List plugins, and what is wrong with one."),
    "providers": ("providers:providers", "Install providers of Airflow's without Airflow, and list them."),
    "stubs": ("stubs:stubs", "Write stubs, by which editors find Airflow's names."),
    "pools": ("pools:pools", "List, set and delete pools of slots that tasks share."),
    "variables": ("variables:variables", "List, get, set and delete variables."),
    "connections": ("connections:connections", "List, get, set and delete connections."),
    "import": ("imports:import_", "Take over variables, connections, pools and DAGs' stand from Airflow."),
    "secrets": ("secrets:secrets", "Replace the key that variables and connections are encrypted with."),
    "history": ("history:history", "Delete old runs by policy, archived first where asked."),
    "db": ("database:db", "Create, change and check the tables."),
    "config": ("settings:config", "Show the settings in force, and what can be set."),
    "doctor": ("doctor:doctor", "Check what Dirigent needs here, and say what to do."),
    "health": ("health:health", "Ask a server of this host whether it makes progress."),
    "completion": ("completion:completion", "Print the completion script of a shell."),
    "version": ("version:version", "Print the version."),
}
#: Names that users of Airflow know.
ALIASES: Final = {"backfill": "backfills"}
EXIT_FAILED: Final = 1
EXIT_INTERRUPTED: Final = 130


class Commands(click.Group):
    """The commands by name; asking for their list loads none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the module of a command."""
        known = ALIASES.get(cmd_name, cmd_name)
        if known not in COMMANDS:
            return None
        module, _, name = COMMANDS[known][0].partition(":")
        with _without_sweeps():
            command: click.Command = getattr(import_module(f"scheduler.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@contextmanager
def _without_sweeps() -> Iterator[None]:
    """Look for no garbage while modules load: all that they make stays, and looking takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _print_version(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        click.echo(import_module("scheduler.cli.version").own_version())
        context.exit()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
@click.pass_context
def dirigent(context: click.Context, *, verbose: bool) -> None:
    """Run task graphs written in Python. Settings come from dirigent.toml and DIRIGENT_*."""
    context.obj = Invocation(verbose=verbose)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and exit: 0 done, 1 an error, 2 not understood."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; return the code to exit with. Errors are one line on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_verbose = "-v" in given[:2] or "--verbose" in given[:2]
    try:
        result = dirigent.main(given, prog_name="dirigent", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return _leave_pipe()
    except Exception as error:  # noqa: BLE001 - the edge: whatever went wrong, people get one line
        return _fail(error, is_verbose=is_verbose)
    return result if isinstance(result, int) else 0


def _fail(error: Exception, *, is_verbose: bool) -> int:
    if is_verbose:
        raise error
    click.echo(safe(f"dirigent: {_sentence(error)}"), err=True)
    return EXIT_FAILED


def _sentence(error: Exception) -> str:
    if isinstance(error, DirigentError):
        return " ".join(str(error).splitlines())
    return f"{type(error).__name__}: {error} (`dirigent -v ...` shows where)"


def _leave_pipe() -> int:
    """Whoever read the output has gone, as `head` does: write no more, not even at the exit of Python."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_FAILED
