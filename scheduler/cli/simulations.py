"""`dirigent dags simulate`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.local_dags import load_dags
from scheduler.cli.options import Instant, read_pairs
from scheduler.cli.output import output_option, print_json
from scheduler.sdk.dag import DAG
from scheduler.store.views.durations import mean_task_durations
from scheduler.testing.simulation import Simulation, simulate

_MONTH: Final = timedelta(days=31)
_LOOKED_BACK: Final = timedelta(days=30)


@click.command("simulate")
@click.argument("dag_ids", nargs=-1)
@click.option("--from", "start", type=Instant(), help="When the DAGs are first seen; else now.")
@click.option(
    "--until", "end", type=Instant(), help="Runs that are due later are left out; else a month after."
)
@click.option("--duration", "durations", multiple=True, metavar="TASK=SECONDS", help="What a task takes.")
@click.option(
    "--each",
    "default_s",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Seconds that others take.",
)
@click.option(
    "--as-usual",
    is_flag=True,
    help="Others take what they took on average in the last 30 days.",
)
@click.option("--fail", multiple=True, metavar="TASK=TRIES", help="So many first tries of a task fail.")
@click.option(
    "--slots", type=click.IntRange(min=1), help="Tasks that all workers run at once; else any number."
)
@click.option("--pool", "pools", multiple=True, metavar="NAME=SLOTS", help="Slots of a pool.")
@click.option("--var", "variables", multiple=True, metavar="KEY=VALUE", help="A variable that the DAGs read.")
@output_option
@pass_invocation
def simulate_dags(
    invocation: Invocation,
    dag_ids: Sequence[str],
    start: datetime | None,
    end: datetime | None,
    durations: Sequence[str],
    default_s: float,
    *,
    as_usual: bool,
    fail: Sequence[str],
    slots: int | None,
    pools: Sequence[str],
    variables: Sequence[str],
    output: str,
) -> None:
    """Say when runs of these DAGs, or of all, would start and end; no task's code is run.

    TASK is a task_id, or dag_id/task_id. Each run goes on to its end.
    """
    settings = invocation.settings
    dags = load_dags(settings.dags_folder, dag_ids, read_pairs(variables), settings.plugins_folder.absolute())
    first = start or invocation.now()
    given = _numbers(durations, float)
    simulation = simulate(
        dags,
        first,
        end or first + _MONTH,
        durations={**(_usual(invocation, dags, given) if as_usual else {}), **given},
        default_duration=default_s,
        fail=_numbers(fail, int),
        slots=slots,
        pools=_numbers(pools, int),
    )
    _print(simulation, output)


def _usual(invocation: Invocation, dags: Sequence[DAG], given: Collection[str]) -> dict[str, float]:
    """Return the mean durations of those tasks of these DAGs that are not given one."""
    with invocation.db.read() as session:
        found = mean_task_durations(session, invocation.now() - _LOOKED_BACK)
    known = {(dag.dag_id, task_id) for dag in dags for task_id in dag.task_ids if task_id not in given}
    return {
        f"{dag_id}/{task_id}": took for (dag_id, task_id), took in found.items() if (dag_id, task_id) in known
    }


def _numbers(pairs: Sequence[str], kind: type) -> dict[str, float | int]:
    try:
        return {name: kind(text) for name, text in read_pairs(pairs).items()}
    except ValueError as error:
        raise click.BadParameter(f"{', '.join(pairs)!r}: {error}") from None


def _print(simulation: Simulation, output: str) -> None:
    if output == "json":
        print_json([asdict(run) for run in simulation.runs])
        return
    click.echo(simulation.table())
    click.echo(
        f"{len(simulation.runs)} runs; at most {simulation.most_runs_at_once()} at once, "
        f"with {simulation.most_tasks_at_once()} tasks."
    )
