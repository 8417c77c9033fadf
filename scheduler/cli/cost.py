"""`dirigent cost`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import print_csv, print_json, print_rows
from scheduler.cli.prices import prices_of
from scheduler.core.cost import rounded
from scheduler.core.spans import span_of
from scheduler.store.views.costs import BYS, By, Spent, list_spent, total_of
from scheduler.store.views.fields import spent_fields
from scheduler.store.views.ownership import Narrowing

_COLUMNS: Final = (
    *("attempts", "unmeasured_attempts", "run_seconds", "cpu_seconds", "memory_gb_hours"),
    *("peak_memory_bytes", "cost", "currency"),
)


@click.command()
@click.option("--by", type=click.Choice(BYS), default="dag", show_default=True, help="What to sum up by.")
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="24h, 7d (the present hour or day included) or a day: 2026-11-01.",
)
@click.option("--until", default="", help="A day that it ends before; else it ends now.")
@click.option("--dag", "dag_id", default="", help="This DAG only.")
@click.option("--owner", default="", help="DAGs of this owner only.")
@click.option("--team", default="", help="DAGs of this team only: those with the tag team:NAME.")
@click.option("--tag", default="", help="DAGs with this tag only.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to print.",
)
@pass_invocation
def cost(invocation: Invocation, /, by: By, since: str, until: str, output: str, **whose: str) -> None:
    """Say what the attempts of DAGs took, and what that costs at DIRIGENT_CPU_HOUR_PRICE; times are UTC."""
    prices = prices_of(invocation.settings)
    span = span_of(since, until, invocation.now())
    with invocation.db.read() as session:
        found = list_spent(session, by, span, _narrowing(whose))
    rows = [spent_fields(each, by, prices) for each in found]
    match output:
        case "json":
            print_json(rows)
        case "csv":
            print_csv(rows, [by, *_COLUMNS])
        case _:
            rows.append(spent_fields(total_of(found), by, prices))
            shown = _shown(found, by, has_prices=prices.are_set)
            print_rows([_for_people(row, by) for row in rows], shown, "table")


def _for_people(row: dict[str, Any], by: str) -> dict[str, Any]:
    cost = row["cost"] and f"{rounded(Decimal(row['cost'])):f}"
    return {**row, by: {None: "(deleted DAGs)", "": "(none)"}.get(row[by], row[by]), "cost": cost}


def _shown(found: list[Spent], by: str, *, has_prices: bool) -> list[str]:
    """Leave out of the table what says nothing here."""
    without = set() if any(each.unmeasured for each in found) else {"unmeasured_attempts"}
    without |= set() if has_prices else {"cost", "currency"}
    return [by, *(name for name in _COLUMNS if name not in without)]


def _narrowing(whose: Mapping[str, str]) -> Narrowing:
    return Narrowing(whose["dag_id"], whose["owner"], whose["team"], whose["tag"])
