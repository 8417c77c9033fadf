"""`@asset_check`: where it runs, and what it makes of what its function finds."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler import DAG, Asset, AssetCheckResult, EmptyOperator, FreshnessPolicy, asset_check
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec

orders = Asset("orders", freshness=FreshnessPolicy.time_window(3600))


def dag_of(returned: Any, *, blocking: bool) -> DAG:
    with DAG("shop") as dag:
        EmptyOperator("make", outlets=orders)

        @asset_check(asset=orders, blocking=blocking)
        def has_rows():
            return returned

        has_rows() >> EmptyOperator("after")
    return dag


@pytest.mark.parametrize(
    ("returned", "blocking", "state", "after"),
    [
        (True, True, "success", "success"),
        (False, False, "success", "success"),
        (False, True, "failed", "upstream_failed"),
        (AssetCheckResult(passed=False, description="7 rows"), True, "failed", "upstream_failed"),
        (AssetCheckResult(passed=True, metadata={"rows": 7}), True, "success", "success"),
        (None, False, "failed", "upstream_failed"),
    ],
)
def test_a_check_that_blocks_fails_where_it_finds_the_asset_bad(returned, blocking, state, after):
    result = dag_of(returned, blocking=blocking).test()
    assert result.task_states == {"make": "success", "has_rows": state, "after": after}


def test_it_runs_after_what_makes_the_asset_and_says_so_in_the_graph():
    spec = to_spec(dag_of(True, blocking=True), "shop.py")
    (check,) = [each for each in spec.tasks if each.check]
    assert (check.upstream, check.check) == (("make",), {"of": ["name", "orders"], "blocking": True})
    assert (spec.tasks[0].outlets or ())[0]["freshness"] == {"fail_s": 3600.0, "warn_s": None}


def test_a_check_of_what_nobody_makes_is_refused():
    with DAG("shop"), pytest.raises(BadDag, match=r"no task above this check makes 'orders'"):
        asset_check(asset=orders)(lambda_of_a_name)()


def lambda_of_a_name() -> bool:
    return True
