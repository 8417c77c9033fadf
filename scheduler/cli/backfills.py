"""`dirigent backfills`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_record, print_rows
from scheduler.core.backfills import Reprocess, read_bound
from scheduler.operations.backfills import (
    BackfillPreview,
    BackfillRequest,
    cancel_backfill,
    create_backfill,
    pause_backfill,
    preview_backfill,
    resume_backfill,
)
from scheduler.operations.conf import read_conf
from scheduler.operations.shown_confs import shown_conf
from scheduler.store.backfills import get_backfill, list_backfills
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.versions import load_graph
from scheduler.store.views.backfills import BackfillView, progress_fields, view_backfills
from scheduler.wire import Data

F = TypeVar("F", bound=Callable[..., Any])
_COLUMNS = ["id", "dag_id", "state", "percent", "from_date", "to_date", "runs", "reason"]


@click.group()
def backfills() -> None:
    """Have runs made for a range of the past; pause, resume and cancel that."""


def _range_options(command: F) -> F:
    """Give a command what says which runs are meant, in Airflow's words."""
    options = [
        click.argument("dag_id", required=False),
        click.option("--dag-id", "dag_option", hidden=True),
        click.option("--from", "--from-date", "first", required=True, help="First logical date: 2026-11-01."),
        click.option("--to", "--to-date", "last", required=True, help="Last one; a day alone is all of it."),
        click.option("--run-backwards", is_flag=True, help="The newest first."),
        click.option("--max-active-runs", type=int, default=10, show_default=True, help="Runs at once."),
        click.option(
            "--reprocess-behavior",
            type=click.Choice(list(Reprocess)),
            default=Reprocess.NONE,
            show_default=True,
            help="Which runs that are there run again: none, those that failed, or all that have ended.",
        ),
        click.option("--conf", "--dag-run-conf", "conf", help="A JSON object for the runs."),
        click.option(
            "--run-on-latest-version/--run-on-original-version",
            "run_on_latest_version",
            default=True,
            help="Whether what runs again takes the code of now.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@backfills.command()
@_range_options
@click.option("--dry-run", is_flag=True, help="Only list the runs.")
@output_option
@pass_invocation
def create(invocation: Invocation, /, *, dry_run: bool, output: str, **given: Any) -> None:
    """Make runs for a range of the past, a few at a time; --dry-run only lists them."""
    request, now = _request(invocation, **given), invocation.now()
    if dry_run:
        _print_preview(invocation, request, output)
        return
    row = invocation.db.transact(lambda session: create_backfill(session, now, request, actor=ACTOR))
    if output == "json":
        _print_one(invocation, row.id, output)
    else:
        click.echo(f"Backfill {row.id} of {row.dag_id} has begun: {row.total_count or 'very many'} dates.")


@backfills.command()
@_range_options
@output_option
@pass_invocation
def preview(invocation: Invocation, /, *, output: str, **given: Any) -> None:
    """List what `create` would do about each date."""
    _print_preview(invocation, _request(invocation, **given), output)


def _request(
    invocation: Invocation,
    *,
    dag_id: str | None,
    dag_option: str | None,
    first: str,
    last: str,
    conf: str | None,
    **fields: Any,
) -> BackfillRequest:
    name = dag_id or dag_option
    if name is None:
        raise click.UsageError(
            "Name a DAG: dirigent backfills create DAG_ID --from 2026-11-01 --to 2026-11-07."
        )
    with invocation.db.read() as session:
        zone = load_graph(session, get_dag(session, name).version_id).timezone
    return BackfillRequest(
        dag_id=name,
        from_date=_bound("--from", first, zone, is_end=False),
        to_date=_bound("--to", last, zone, is_end=True),
        conf=None if conf is None else read_conf(conf),
        **fields,
    )


def _bound(option: str, text: str, zone: str, *, is_end: bool) -> datetime:
    try:
        return read_bound(text, zone, is_end=is_end)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint=option) from None


def _print_preview(invocation: Invocation, request: BackfillRequest, output: str) -> None:
    with invocation.db.read() as session:
        found: BackfillPreview = preview_backfill(session, invocation.now(), request)
    rows = [{"logical_date": each.logical_date, "fate": str(each.fate)} for each in found.runs]
    print_rows(rows, ["logical_date", "fate"], output)
    if not found.is_all:
        click.echo(f"These are the first {len(rows)}; the range has more.", err=True)


@backfills.command("list")
@click.option("--dag-id", help="Only those of this DAG.")
@output_option
@pass_invocation
def list_(invocation: Invocation, dag_id: str | None, output: str) -> None:
    """List backfills and how far they came, the newest first."""
    with invocation.db.read() as session:
        found = view_backfills(session, list_backfills(session, dag_id))
        rows = [_fields(session, each) for each in found]
    print_rows(rows, _COLUMNS, output)


def _fields(session: Session, view: BackfillView) -> Data:
    fields, conf = progress_fields(view), view.row.dag_run_conf
    if conf:
        conf = shown_conf(session, get_dag(session, view.row.dag_id).version_id, conf)
    return {**fields, "dag_run_conf": conf}


@backfills.command()
@click.argument("backfill_id", type=int)
@output_option
@pass_invocation
def show(invocation: Invocation, backfill_id: int, output: str) -> None:
    """Show one backfill."""
    _print_one(invocation, backfill_id, output)


def _print_one(invocation: Invocation, backfill_id: int, output: str) -> None:
    with invocation.db.read() as session:
        (view,) = view_backfills(session, [get_backfill(session, backfill_id)])
        fields = _fields(session, view)
    print_record(fields, output)


@backfills.command()
@click.argument("backfill_id", type=int)
@pass_invocation
def pause(invocation: Invocation, backfill_id: int) -> None:
    """Start no more runs of a backfill; those that run go on."""
    now = invocation.now()
    invocation.db.transact(lambda session: pause_backfill(session, now, backfill_id, actor=ACTOR))
    click.echo(f"Backfill {backfill_id} is paused.")


@backfills.command()
@click.argument("backfill_id", type=int)
@pass_invocation
def resume(invocation: Invocation, backfill_id: int) -> None:
    """Let a backfill go on."""
    now = invocation.now()
    invocation.db.transact(lambda session: resume_backfill(session, now, backfill_id, actor=ACTOR))
    click.echo(f"Backfill {backfill_id} goes on.")


@backfills.command()
@click.argument("backfill_id", type=int)
@click.option("--stop-running", is_flag=True, help="Cancel the runs that are running, too.")
@pass_invocation
def cancel(invocation: Invocation, backfill_id: int, *, stop_running: bool) -> None:
    """End a backfill: no more runs of it come, and those that wait are cancelled."""
    now = invocation.now()
    count = invocation.db.transact(
        lambda session: cancel_backfill(session, now, backfill_id, stop_running=stop_running, actor=ACTOR)
    )
    click.echo(
        f"Backfill {backfill_id} is over; {count} run{'' if count == 1 else 's'} of it were cancelled."
    )
