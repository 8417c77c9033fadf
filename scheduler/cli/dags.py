"""`dirigent dags`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from scheduler.cli.broken_files import count_of_broken
from scheduler.cli.checks import check_dags
from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.local_runs import test_dag
from scheduler.cli.options import Instant, dag_argument
from scheduler.cli.output import output_option, print_json, print_record, print_rows
from scheduler.cli.parts.archives import open_payloads
from scheduler.cli.run_ends import await_run, find_run, read_result, say_ended
from scheduler.cli.schedule_meaning import schedule_meaning
from scheduler.cli.simulations import simulate_dags
from scheduler.core.states import RunState
from scheduler.operations.conf import read_conf
from scheduler.operations.delete import delete_dag
from scheduler.operations.pause import set_paused
from scheduler.operations.trigger import RunRef, trigger_run
from scheduler.store import dag_files
from scheduler.store import dags as stored_dags
from scheduler.store.views.fields import dag_fields, import_error_fields, python_file_fields
from scheduler.store.views.files import list_python_files


@click.group()
def dags() -> None:
    """List, show, check, simulate, trigger, pause, test and delete DAGs."""


dags.add_command(check_dags)
dags.add_command(simulate_dags)
dags.add_command(test_dag)
dags.add_command(schedule_meaning)


@dags.command("list")
@click.option("--tag", help="Only DAGs that carry this tag.")
@output_option
@pass_invocation
def list_(invocation: Invocation, tag: str | None, output: str) -> None:
    """List the DAGs; files that do not load are named on standard error."""
    with invocation.db.read() as session:
        found = stored_dags.list_dags(session, tag=tag)
        tags = stored_dags.load_tags(session, [dag.dag_id for dag in found])
        broken = dag_files.list_import_errors(session)
    rows = [dag_fields(dag, tags.get(dag.dag_id, ())) for dag in found]
    print_rows(rows, ["dag_id", "is_paused", "next_dagrun_run_after", "relative_fileloc"], output)
    if broken:
        click.echo(f"{count_of_broken(broken)} `dirigent dags errors` says why.", err=True)


@dags.command()
@output_option
@pass_invocation
def files(invocation: Invocation, output: str) -> None:
    """List the Python files of the DAG folder, and what each gave."""
    with invocation.db.read() as session:
        found = list_python_files(session)
    print_rows(map(python_file_fields, found), ["filename", "dag_ids", "finding"], output)


@dags.command()
@dag_argument
@output_option
@pass_invocation
def show(invocation: Invocation, dag_id: str, output: str) -> None:
    """Show one DAG."""
    with invocation.db.read() as session:
        dag = stored_dags.get_dag(session, dag_id)
        tags = stored_dags.load_tags(session, [dag_id])
    print_record(dag_fields(dag, tags.get(dag_id, ())), output)


@dags.command()
@output_option
@pass_invocation
def errors(invocation: Invocation, output: str) -> int:
    """List the files that cannot be imported; exit 1 when there are some."""
    with invocation.db.read() as session:
        found = dag_files.list_import_errors(session)
    print_rows(map(import_error_fields, found), ["filename", "error_type", "lineno", "message"], output)
    return 1 if found else 0


@dags.command()
@dag_argument
@click.option("--conf", default="", help="A JSON object for the run.")
@click.option("--run-id", help="The id of the run; else made of its logical date.")
@click.option("--logical-date", type=Instant(), help="An instant; else now.")
@click.option("--note", default="", help="A note on the run.")
@click.option("--partition-key", help="The partition that the run makes.")
@click.option("--idempotency-key", help="With a key used before, the run of then is named and none is made.")
@click.option(
    "--wait", "waits", is_flag=True, help="Wait for the end of the run; exit 0 when it succeeded, else 1."
)
@click.option(
    "--result", "wants_result", is_flag=True, help="Wait, and print what the run returned, as JSON."
)
@output_option
@pass_invocation
def trigger(
    invocation: Invocation,
    dag_id: str,
    conf: str,
    run_id: str | None,
    logical_date: datetime | None,
    note: str,
    partition_key: str | None,
    idempotency_key: str | None,
    waits: bool,
    wants_result: bool,
    output: str,
) -> int:
    """Start a run by hand; a file that does not load is named on standard error."""
    now, checked = invocation.now(), read_conf(conf)
    run = invocation.db.transact(
        lambda session: trigger_run(
            session,
            now,
            dag_id,
            conf=checked,
            logical_date=logical_date,
            run_id=run_id,
            idempotency_key=idempotency_key,
            note=note,
            partition_key=partition_key,
            actor=ACTOR,
        )
    )
    _warn_of_broken_file(invocation, run.dag_id)
    if wants_result:
        return _print_result(invocation, run)
    if output == "json":
        print_json({"dag_id": run.dag_id, "dag_run_id": run.run_id, "is_new": run.is_new})
    else:
        click.echo(run.run_id)
    return _await(invocation, run) if waits else 0


def _await(invocation: Invocation, run: RunRef) -> int:
    ended = await_run(invocation, run.dag_id, run.run_id)
    say_ended(ended, err=True)
    return 0 if ended.state == RunState.SUCCESS else 1


def _print_result(invocation: Invocation, run: RunRef) -> int:
    """Let standard output hold the result and nothing else."""
    click.echo(run.run_id, err=True)
    code = _await(invocation, run)
    print_json(read_result(invocation, find_run(invocation, run.dag_id, run.run_id)))
    return code


def _warn_of_broken_file(invocation: Invocation, dag_id: str) -> None:
    """Say that a run takes the last good version of a DAG, where its file does not load as it is."""
    with invocation.db.read() as session:
        file = stored_dags.get_dag(session, dag_id).file
        if any(record.path == file for record in dag_files.list_import_errors(session)):
            click.echo(
                f"{file} does not load as it is: this run takes the last good version. "
                "`dirigent dags errors` says why.",
                err=True,
            )


@dags.command()
@click.argument("dag_ids", nargs=-1, required=True)
@pass_invocation
def pause(invocation: Invocation, dag_ids: Sequence[str]) -> None:
    """Start no more scheduled runs of these DAGs."""
    _set_paused(invocation, dag_ids, is_paused=True)


@dags.command()
@click.argument("dag_ids", nargs=-1, required=True)
@pass_invocation
def unpause(invocation: Invocation, dag_ids: Sequence[str]) -> None:
    """Start scheduled runs of these DAGs again."""
    _set_paused(invocation, dag_ids, is_paused=False)


def _set_paused(invocation: Invocation, dag_ids: Sequence[str], *, is_paused: bool) -> None:
    now = invocation.now()
    changed = invocation.db.transact(
        lambda session: set_paused(session, now, dag_ids, is_paused=is_paused, actor=ACTOR)
    )
    word = "paused" if is_paused else "active"
    for dag_id in dag_ids:
        click.echo(f"{dag_id} is {word}{'' if dag_id in changed else ' already'}.")


@dags.command()
@dag_argument
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def delete(invocation: Invocation, dag_id: str, *, yes: bool) -> None:
    """Delete a DAG with all its runs; it comes back, without history, while its file is there."""
    yes or click.confirm(f"Delete {dag_id} with all its runs?", abort=True)
    values = open_payloads(invocation.settings)
    count = delete_dag(invocation.db, invocation.now(), dag_id, actor=ACTOR)
    if values is not None:
        values.drop(dag_id)
    click.echo(f"{dag_id} was deleted, with {count} run{'' if count == 1 else 's'}.")
