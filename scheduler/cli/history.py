"""`dirigent history`."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.cli.parts.archives import open_history, open_payloads, open_place, policy_of
from scheduler.operations.history import Policy, Pruned, Pruner


@click.group()
def history() -> None:
    """Delete old runs by policy, archived first where asked."""


@history.command()
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    help="Runs that ended so long ago; else `history_days`.",
)
@click.option(
    "--keep", type=click.IntRange(min=1), help="All but the newest of each DAG; else `history_runs_per_dag`."
)
@click.option("--dag-id", "dag_ids", multiple=True, help="Of this DAG only; may be repeated.")
@click.option(
    "--archive", metavar="URL", help="Archive them there first; else at `history_url`, if that is set."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@output_option
@pass_invocation
def prune(
    invocation: Invocation,
    days: float | None,
    keep: int | None,
    dag_ids: tuple[str, ...],
    archive: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """Delete runs that ended long ago, with all that belongs to them, while everything goes on.

    Without --days and --keep the settings decide. What something looks back at stays: the newest run of each DAG, the
    last one of its schedule, the one before a run that has not ended.
    """
    policy = _policy(policy_of(invocation.settings), days, keep)
    if policy.is_empty:
        raise click.UsageError(
            "Nothing says what is old: give --days or --keep, or set DIRIGENT_HISTORY_DAYS."
        )
    place = open_place(archive, "--archive") if archive else open_history(invocation.settings)
    pruner = Pruner(
        invocation.db, policy, None if dry_run else place, Event().wait, open_payloads(invocation.settings)
    )
    found = (pruner.preview if dry_run else pruner.prune)(invocation.now(), dag_ids)
    rows = [{"dag_id": dag_id, "runs": count} for dag_id, count in sorted(found.runs.items())]
    print_rows(rows, ["dag_id", "runs"], output)
    click.echo(_summary(found, dry_run=dry_run), err=True)


def _policy(policy: Policy, days: float | None, keep: int | None) -> Policy:
    """Return the policy of the settings, or what the options say in its place."""
    if days is None and keep is None:
        return policy
    return replace(policy, days=days or 0, runs_per_dag=keep or 0, days_of=())


def _summary(found: Pruned, *, dry_run: bool) -> str:
    count = f"{sum(found.runs.values())} runs with {found.tasks} tasks"
    return f"{count} would be deleted." if dry_run else f"{count} were deleted; {found.files} files archived."
