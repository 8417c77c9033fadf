"""What `runs rerun` and `tasks clear` have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from scheduler.cli.invocation import ACTOR, Invocation
from scheduler.cli.output import print_json, print_rows
from scheduler.operations.rerun import Preview, RerunRequest, preview_rerun, rerun

F = TypeVar("F", bound=Callable[..., Any])


def latest_code_option(command: F) -> F:
    """Give a command `--latest-code`, as its argument `code`."""
    option = click.option(
        "--latest-code",
        "code",
        flag_value="now",
        default="then",
        help="Run on the code of now instead of the code that the run began with.",
    )
    return option(command)


def preview_or_rerun(invocation: Invocation, request: RerunRequest, *, dry_run: bool) -> Preview:
    """Rerun what is asked for, or with `dry_run` only say what would run."""
    if dry_run:
        with invocation.db.read() as session:
            return preview_rerun(session, request)
    now = invocation.now()
    return invocation.db.transact(lambda session: rerun(session, now, request, actor=ACTOR))


def print_preview(preview: Preview, output: str) -> None:
    """Print what a rerun does or did."""
    tasks = [{"task_id": task.task_id, "path": task.path, "state": str(task.state)} for task in preview.tasks]
    if output == "json":
        print_json({"task_instances": tasks, "added": preview.added, "removed": preview.removed})
        return
    print_rows(tasks, ["task_id", "path", "state"], output)
    for word, names in (("added", preview.added), ("removed", preview.removed)):
        if names:
            click.echo(f"{word} with the code of now: {', '.join(names)}")
