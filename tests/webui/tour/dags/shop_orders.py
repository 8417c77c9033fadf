"""Orders of a day: a form, a group, a log with a traceback, and a step that fails until it is rerun."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scheduler import DAG, Param, TaskGroup, task


@task
def extract(params=None) -> int:
    """Count the orders."""
    return 7 * int(params["day"])


@task
def check(orders: int) -> int:
    """Refuse what cannot be."""
    print("::group::all columns")
    for number in range(30):
        print(f"column {number} is there")
    print("::endgroup::")
    return orders


@task
def load(orders: Sequence[int], params=None, ti=None) -> int:
    """Load them; the first try fails where the run was told so."""
    for number in range(120):
        print(f"order {number} of {params['region']}")
    print("\x1b[33mthe till is slow\x1b[0m", file=sys.stderr)
    if params["fails"] and ti.try_number == 1:
        raise KeyError("currency")
    return sum(orders)


@task
def report(loaded: int, params=None) -> str:
    """Say what was loaded."""
    return f"{loaded} orders of {params['region']}"


with DAG(
    "shop_orders",
    description="Orders of a day, checked, loaded and reported",
    schedule=None,
    tags=["shop"],
    params={
        "day": Param(1, type="integer", minimum=1, maximum=28, title="Day"),
        "region": Param("north", type="string", enum=["north", "south"], title="Region"),
        "fails": Param(False, type="boolean", title="Let the load fail once"),
    },
):
    orders = extract()
    with TaskGroup("checks"):
        checked = [
            check.override(task_id="columns")(orders),
            check.override(task_id="rows")(orders),
        ]
    report(load(checked))
