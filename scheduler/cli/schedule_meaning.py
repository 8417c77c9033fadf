"""`dirigent dags schedule-meaning`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.core.meanings import MEANINGS
from scheduler.operations.schedule_meaning import Choice, list_unsure, preview_meanings, set_meaning
from scheduler.store.engine import Session


@click.command("schedule-meaning")
@click.argument("dag_ids", nargs=-1)
@click.option(
    "--is", "meaning", type=click.Choice(MEANINGS), help="What it means; else the next runs are shown."
)
@output_option
@pass_invocation
def schedule_meaning(
    invocation: Invocation, dag_ids: tuple[str, ...], meaning: str | None, output: str
) -> None:
    """Say what `schedule=` of Airflow's files means: a run at each instant, or at the end of each interval.

    Without --is the next runs of these DAGs are shown under both meanings, or of all of which nobody has said it.
    """
    if meaning and not dag_ids:
        raise click.UsageError("Name the DAGs; the setting airflow_schedule speaks for all.")
    if meaning:
        _set(invocation, dag_ids, meaning)
        return
    now = invocation.now()
    with invocation.db.read() as session:
        choices = [preview_meanings(session, now, each) for each in dag_ids or list_unsure(session)]
    rows = [row for choice in choices for row in _rows(choice)]
    print_rows(rows, ["dag_id", "said", "meaning", "run_after", "logical_date"], output)


def _rows(choice: Choice) -> list[dict[str, object]]:
    known = {"dag_id": choice.dag_id, "said": choice.meaning}
    return [
        {**known, "meaning": meaning, "run_after": due.run_at, "logical_date": due.logical_date}
        for meaning, runs in choice.runs.items()
        for due in runs
    ]


def _set(invocation: Invocation, dag_ids: Sequence[str], meaning: str) -> None:
    now = invocation.now()

    def write(session: Session) -> None:
        for dag_id in dag_ids:
            set_meaning(session, now, dag_id, meaning, actor=ACTOR)

    invocation.db.transact(write)
    for dag_id in dag_ids:
        click.echo(f"The schedule of {dag_id} means {meaning}.")
