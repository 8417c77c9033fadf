"""`dirigent assets`."""

from __future__ import annotations

from typing import Final

import click

from scheduler.cli.asset_states import state
from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_record, print_rows
from scheduler.core.assets import Mark
from scheduler.operations.assets import emit_event
from scheduler.operations.assets import materialize as make_asset
from scheduler.operations.conf import read_conf
from scheduler.store.asset_checks import checks_of
from scheduler.store.asset_history import list_events
from scheduler.store.assets import get_asset
from scheduler.store.dags import get_dag
from scheduler.store.views.assets import asset_fields, check_fields, event_fields, view_asset, view_assets
from scheduler.store.views.partitions import partition_fields, waiting_partitions

_COLUMNS: Final = ["name", "uri", "group", "freshness", "producing_dags", "scheduled_dags"]
_EVENT: Final = [
    "id",
    "timestamp",
    "name",
    "partition_key",
    "source_dag_id",
    "source_run_id",
    "source_task_id",
    "extra",
]


_PARTITION: Final = ["dag_id", "partition_key", "since", "events", "waits_for"]


@click.group()
def assets() -> None:
    """List assets and their events, say that one changed, have one made."""


assets.add_command(state)


@assets.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> None:
    """List the assets, which DAGs make them and which run for them."""
    with invocation.db.read() as session:
        found = view_assets(session)
    now = invocation.now()
    print_rows([asset_fields(each, now) for each in found], _COLUMNS, output)


@assets.command()
@click.argument("name")
@output_option
@pass_invocation
def details(invocation: Invocation, name: str, output: str) -> None:
    """Show one asset, by its name or URI."""
    with invocation.db.read() as session:
        found = view_asset(session, name)
        checks = [check_fields(each) for each in checks_of(session, [found.name, found.uri])]
    print_record({**asset_fields(found, invocation.now()), "checks": checks}, output)


@assets.command()
@click.argument("name", default="")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@output_option
@pass_invocation
def events(invocation: Invocation, name: str, limit: int, output: str) -> None:
    """List events, the newest first; of one asset where it is given."""
    with invocation.db.read() as session:
        mark = Mark("name", get_asset(session, name).name) if name else None
        found = list_events(session, mark, limit=limit)
    print_rows(map(event_fields, found), _EVENT, output)


@assets.command()
@click.argument("dag_id", default="")
@output_option
@pass_invocation
def partitions(invocation: Invocation, dag_id: str, output: str) -> None:
    """List the partitions for which something has come and whose run waits for more; of one DAG where it is given."""
    with invocation.db.read() as session:
        if dag_id:
            get_dag(session, dag_id)
        found = waiting_partitions(session, [dag_id] if dag_id else None)
    print_rows(map(partition_fields, found), _PARTITION, output)


@assets.command()
@click.argument("name")
@click.option("--extra", default="", help="What the event carries, as a JSON object.")
@click.option("--partition-key", default="", help="The partition that changed.")
@pass_invocation
def emit(invocation: Invocation, name: str, extra: str, partition_key: str) -> None:
    """Say that an asset changed: what waits for it runs."""
    now, said = invocation.now(), read_conf(extra, "extra")
    event_id = invocation.db.transact(
        lambda session: emit_event(session, now, name, extra=said, partition_key=partition_key, actor=ACTOR)
    )
    click.echo(f"Asset {name} changed: event {event_id}.")


@assets.command()
@click.argument("name")
@pass_invocation
def materialize(invocation: Invocation, name: str) -> None:
    """Start a run of the DAG that makes an asset."""
    now = invocation.now()
    run = invocation.db.transact(lambda session: make_asset(session, now, name, actor=ACTOR))
    click.echo(run.run_id)
