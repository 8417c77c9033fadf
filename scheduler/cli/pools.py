"""`dirigent pools`."""

from __future__ import annotations

from collections import Counter

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.operations.pools import remove_pool, set_pool
from scheduler.store.pools import list_pools
from scheduler.store.scheduled import occupancy
from scheduler.store.views.fields import pool_fields


@click.group()
def pools() -> None:
    """List, set and delete pools: how many tasks that share something scarce run at once."""


@pools.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> None:
    """List the pools, and how many slots queued and running tasks occupy."""
    occupied: Counter[str] = Counter()
    with invocation.db.read() as session:
        found = list_pools(session)
        for each in occupancy(session):
            occupied[each.pool] += each.pool_slots
    rows = [pool_fields(pool, occupied[pool.name]) for pool in found]
    print_rows(
        rows, ["name", "slots", "occupied_slots", "open_slots", "include_deferred", "description"], output
    )


@pools.command("set")
@click.argument("name")
@click.argument("slots", type=click.IntRange(min=0))
@click.option("--description", help="What it is for; else it stays as it is.")
@click.option(
    "--include-deferred/--no-include-deferred",
    default=None,
    help="Whether tasks that wait without a slot keep their places; else it stays as it is.",
)
@pass_invocation
def set_(
    invocation: Invocation, name: str, slots: int, description: str | None, include_deferred: bool | None
) -> None:
    """Make a pool, or change its size."""
    now = invocation.now()
    invocation.db.transact(
        lambda session: set_pool(
            session,
            now,
            name,
            slots,
            description=description,
            include_deferred=include_deferred,
            actor=ACTOR,
        )
    )
    click.echo(f"Pool {name} has {slots} slots.")


@pools.command()
@click.argument("name")
@pass_invocation
def delete(invocation: Invocation, name: str) -> None:
    """Delete a pool; its tasks wait until it is back."""
    now = invocation.now()
    invocation.db.transact(lambda session: remove_pool(session, now, name, actor=ACTOR))
    click.echo(f"Pool {name} was deleted.")
