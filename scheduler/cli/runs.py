"""`dirigent runs`."""

from __future__ import annotations

from typing import Final, Literal

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.many_runs import clear, mark_many
from scheduler.cli.options import read_stdin, run_arguments
from scheduler.cli.output import output_option, print_json, print_record, print_rows
from scheduler.cli.recordings import export_run, replay_run
from scheduler.cli.reruns import latest_code_option, preview_or_rerun, print_preview
from scheduler.cli.run_ends import await_run, find_run, read_result, say_ended
from scheduler.core.states import RunState
from scheduler.operations.cancel import cancel_run
from scheduler.operations.delete import delete_run
from scheduler.operations.mark import mark_run
from scheduler.operations.notes import set_note
from scheduler.operations.rerun import RerunRequest
from scheduler.operations.shown_confs import shown_conf
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.views import runs as stored_runs
from scheduler.store.views.fields import run_fields
from scheduler.wire import Data

COLUMNS: Final = ["dag_id", "dag_run_id", "state", "run_type", "start_date", "duration"]


@click.group()
def runs() -> None:
    """List, show, cancel, delete, rerun, wait for, export and replay runs."""


runs.add_command(clear)
runs.add_command(export_run)
runs.add_command(mark_many)
runs.add_command(replay_run)


@runs.command("list")
@click.argument("dag_id", default="")
@click.option("--state", type=click.Choice([state.value for state in RunState]), help="Only runs in it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@output_option
@pass_invocation
def list_(invocation: Invocation, dag_id: str, state: str | None, limit: int, output: str) -> None:
    """List runs, the newest first; of one DAG where it is given."""
    wanted = stored_runs.RunWanted(dag_id=dag_id, state=state or "")
    with invocation.db.read() as session:
        found = stored_runs.list_runs(session, wanted, limit=limit)
        if dag_id and not found:
            get_dag(session, dag_id)
        rows = [_fields(session, each) for each in found]
    print_rows(rows, COLUMNS, output)


def _fields(session: Session, run: stored_runs.Run) -> Data:
    return run_fields(run, shown_conf(session, run.version_id, run.conf))


@runs.command()
@run_arguments
@output_option
@pass_invocation
def show(invocation: Invocation, dag_id: str, run_id: str, output: str) -> None:
    """Show one run."""
    with invocation.db.read() as session:
        found = _fields(session, stored_runs.find_run(session, dag_id, run_id))
    print_record(found, output)


@runs.command()
@run_arguments
@pass_invocation
def cancel(invocation: Invocation, dag_id: str, run_id: str) -> None:
    """Stop a run: what runs is stopped, what has not started is skipped."""
    now = invocation.now()
    count = invocation.db.transact(lambda session: cancel_run(session, now, dag_id, run_id, actor=ACTOR))
    click.echo(f"{run_id} was cancelled, with {count} tasks that had not ended.")


@runs.command()
@run_arguments
@click.confirmation_option(prompt="Delete the run with its tasks, values and attempts?")
@pass_invocation
def delete(invocation: Invocation, dag_id: str, run_id: str) -> None:
    """Delete a run that has ended, or has not started, with all that is kept of it."""
    delete_run(invocation.db, invocation.now(), dag_id, run_id, actor=ACTOR)
    click.echo(f"{run_id} was deleted.")


@runs.command()
@run_arguments
@click.argument("state", type=click.Choice(["success", "failed"]))
@pass_invocation
def mark(invocation: Invocation, dag_id: str, run_id: str, state: Literal["success", "failed"]) -> None:
    """Set the state of a run; its tasks that have not ended are stopped and marked too."""
    now = invocation.now()
    invocation.db.transact(lambda session: mark_run(session, now, dag_id, run_id, to=state, actor=ACTOR))
    click.echo(f"{run_id} was marked {state}.")


@runs.command()
@run_arguments
@click.argument("text", callback=read_stdin)
@pass_invocation
def note(invocation: Invocation, dag_id: str, run_id: str, text: str) -> None:
    """Write a note on a run in place of the one that it has; "" for none, `-` to read it from standard input."""
    now = invocation.now()
    invocation.db.transact(lambda session: set_note(session, now, dag_id, run_id, text, actor=ACTOR))
    click.echo(f"{run_id} has {'a note' if text else 'no note'} now.")


@runs.command()
@run_arguments
@click.option("--failed/--all", "only_failed", default=True, help="What failed (the default), or everything.")
@latest_code_option
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@output_option
@pass_invocation
def rerun(
    invocation: Invocation,
    dag_id: str,
    run_id: str,
    *,
    only_failed: bool,
    code: Literal["then", "now"],
    dry_run: bool,
    output: str,
) -> None:
    """Run again what failed in a run and what could not run because of it, or all of it."""
    request = RerunRequest(dag_id=dag_id, run_id=run_id, only_failed=only_failed, code=code)
    print_preview(preview_or_rerun(invocation, request, dry_run=dry_run), output)


@runs.command()
@run_arguments
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds after which to give up; else never.")
@pass_invocation
def wait(invocation: Invocation, dag_id: str, run_id: str, timeout: float | None) -> int:
    """Wait until a run has ended; exit 0 when it succeeded, else 1."""
    run = await_run(invocation, dag_id, run_id, timeout)
    say_ended(run)
    return 0 if run.state == RunState.SUCCESS else 1


@runs.command()
@run_arguments
@pass_invocation
def result(invocation: Invocation, dag_id: str, run_id: str) -> None:
    """Print what a run returned, as JSON: of one task that is marked with @result its value, of several by task."""
    print_json(read_result(invocation, find_run(invocation, dag_id, run_id)))
