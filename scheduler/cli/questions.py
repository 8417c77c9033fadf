"""`dirigent tasks questions` and `dirigent tasks answer`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import path_option, read_pairs, task_arguments
from scheduler.cli.output import output_option, print_rows
from scheduler.logs.terminal import safe
from scheduler.operations.questions import answer_question
from scheduler.store.questions import list_open, list_questions
from scheduler.store.views.fields import question_fields
from scheduler.wire import Data, Json

_MOST: Final = 1_000
_COLUMNS: Final = ["dag_id", "dag_run_id", "task_id", "map_index", "subject", "options", "responded_by"]


@click.command()
@click.option("--dag-id", help="Of this DAG only.")
@click.option("--run-id", help="Of the runs of this name only.")
@click.option(
    "--all", "is_all", is_flag=True, help="Those that were answered, and those that are asked no more, too."
)
@output_option
@pass_invocation
def questions(
    invocation: Invocation, dag_id: str | None, run_id: str | None, *, is_all: bool, output: str
) -> None:
    """List what tasks ask people, oldest first."""
    with invocation.db.read() as session:
        found = (list_questions if is_all else list_open)(session, _MOST, dag_id=dag_id, run_id=run_id)
    rows = [question_fields(each) for each in found]
    if output == "table":
        rows = [_line(row) for row in rows]
    print_rows(rows, _COLUMNS, output)


def _line(row: Data) -> Data:
    by = row["responded_by_user"]
    shown = {"options": ", ".join(row["options"]), "responded_by": by["name"] if by else None}
    return {**row, **row["task_instance"], **shown}


@click.command()
@task_arguments
@click.argument("options", nargs=-1, required=True, metavar="OPTION...")
@path_option
@click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="What to fill in: JSON, or else a text."
)
@pass_invocation
def answer(
    invocation: Invocation,
    dag_id: str,
    run_id: str,
    task_id: str,
    options: tuple[str, ...],
    path: str,
    params: Sequence[str],
) -> None:
    """Answer what a task asks, with one of its options, or several where it takes them; it goes on at once."""
    now, filled = invocation.now(), {name: _value(text) for name, text in read_pairs(params).items()}
    answered = invocation.db.transact(
        lambda session: answer_question(
            session,
            now,
            dag_id,
            run_id,
            task_id,
            chosen_options=options,
            params_input=filled,
            path=path,
            actor=ACTOR,
        )
    )
    click.echo(safe(f"{task_id} was answered: {', '.join(answered.chosen_options or ())}."))


def _value(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
