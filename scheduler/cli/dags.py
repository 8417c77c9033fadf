"""`dirigent dags`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from scheduler.cli.fields import dag_fields, import_error_fields
from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.local_dags import load_dag
from scheduler.cli.options import Instant, read_conf, read_pairs
from scheduler.cli.output import output_option, print_record, print_rows
from scheduler.store import dag_files
from scheduler.store import dags as stored_dags


@click.group()
def dags() -> None:
    """List, show, trigger, pause, test and delete DAGs."""


@dags.command("list")
@click.option("--tag", help="Only DAGs that carry this tag.")
@output_option
@pass_invocation
def list_(invocation: Invocation, tag: str | None, output: str) -> None:
    """List the DAGs."""
    with invocation.db.read() as session:
        found = stored_dags.list_dags(session, tag=tag)
        tags = stored_dags.load_tags(session, [dag.dag_id for dag in found])
    rows = [dag_fields(dag, tags.get(dag.dag_id, ())) for dag in found]
    print_rows(rows, ["dag_id", "is_paused", "next_dagrun_run_after", "relative_fileloc"], output)


@dags.command()
@click.argument("dag_id")
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
@click.argument("dag_id")
@click.option("--conf", help="A JSON object for the run.")
@click.option("--logical-date", type=Instant(), help="An instant; else now.")
@click.option("--var", "variables", multiple=True, metavar="KEY=VALUE", help="A variable that the DAG reads.")
@pass_invocation
def test(
    invocation: Invocation,
    dag_id: str,
    conf: str | None,
    logical_date: datetime | None,
    variables: Sequence[str],
) -> int:
    """Run a DAG in this process, without server and database; exit 0 when the run succeeds, else 1."""
    given = read_pairs(variables)
    dag = load_dag(invocation.settings.dags_folder, dag_id, given)
    result = dag.test(run_conf=read_conf(conf), logical_date=logical_date, variables=given)
    return 0 if result.is_success else 1
