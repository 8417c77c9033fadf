"""`@asset`: what it declares, and what its function is given."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent
from typing import Any

import pytest

from scheduler import DAG, Asset, AssetAlias, EmptyOperator, FreshnessPolicy, asset
from scheduler.core.assets import in_words
from scheduler.errors import BadDag
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.variables import EnvironmentReader


@pytest.fixture
def dags_of(tmp_path):
    """Load a DAG file of this text."""

    def load(text):
        (tmp_path / "file.py").write_text(dedent(text))
        return load_file(str(tmp_path), "file.py", EnvironmentReader())

    return load


def made_by(dag):
    return [each["asset"] for each in to_spec(dag, "x.py").tasks[0].outlets or ()]


def test_the_brackets_cannot_be_left_out():
    with pytest.raises(BadDag, match=r"write @asset\(schedule=...\) above a function"):

        @asset
        def orders(): ...


def test_the_asset_may_have_a_policy_of_freshness():
    policy = FreshnessPolicy.time_window(timedelta(hours=1))

    @asset(schedule=None, freshness=policy)
    def orders(): ...

    assert orders.freshness == policy


def test_a_function_is_a_dag_of_one_task_that_makes_the_asset():
    @asset(uri="s3://shop/orders", group="table", schedule="@daily", tags=["shop"])
    def orders():
        """The orders."""

    assert (orders.name, orders.uri, orders.group) == ("orders", "s3://shop/orders", "table")
    assert orders == Asset("orders", "s3://shop/orders")


def test_what_it_names_are_its_inlets_and_its_schedule_may_be_another_one(dags_of):
    dags = dags_of(
        """
        from scheduler import asset

        @asset(schedule="@daily")
        def orders():
            return 7

        @asset(schedule=orders, dag_id="bills")
        def invoices(self, context, orders, ds, outlet_events, kind="all"):
            outlet_events[self].extra["n"] = 1
            assert context["ds"] == ds
            return [self.name, orders.name, kind]
        """
    )
    spec = to_spec(dags["bills"], "x.py")
    (made,) = spec.tasks
    assert spec.schedule.assets == {"asset": "orders", "uri": "orders", "group": "asset", "extra": {}}
    assert made.inlets == ({"ref": {"name": "orders"}},)
    assert made.outlets == ({"asset": "invoices", "uri": "invoices", "group": "asset", "extra": {}},)
    assert (made.task_id, made.operator) == ("invoices", "@asset")
    result = dags["bills"].test()
    assert result.xcoms["invoices"] == ["invoices", "orders", "all"]


def test_several_are_made_by_one_and_a_task_may_stand_under_it(dags_of):
    dags = dags_of(
        """
        from scheduler import Asset, asset, task

        @asset.multi(outlets=[Asset("a"), Asset("b")], schedule=None)
        def both(outlet_events):
            outlet_events["a"].extra["n"] = 1

        @asset(schedule=both)
        @task.bash
        def listing():
            return "echo done"
        """
    )
    assert made_by(dags["both"]) == ["a", "b"]
    spec = to_spec(dags["listing"], "x.py")
    assert in_words(spec.schedule.assets or {}) == "a and b"
    assert (spec.tasks[0].operator, made_by(dags["listing"])) == ("@task.bash", ["listing"])
    assert all(dag.test().is_success for dag in dags.values())


seven: Any = 7
orders: Any = "orders"


def takes_any(*names):
    pass


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: asset.multi(outlets=[], schedule=None), "outlets=.*name at least one asset"),
        (lambda: asset(schedule=None)(takes_any), r"takes \*names; name each asset"),
        (lambda: asset(schedule=None)(seven), "decorate a function"),
        (lambda: asset(schedule=None, name="self")(lambda: None), "use this for something else"),
        (lambda: asset(schedule=None, name="s3://x")(lambda: None), "dag_id"),
        (lambda: EmptyOperator("e", outlets=[Asset("a") | Asset("b")]), "give assets"),
        (lambda: EmptyOperator("e", outlets=orders), "outlets='orders': give assets"),
        (lambda: Asset(), "an asset needs a name"),
        (lambda: Asset("a", extra={"x": object()}), "give a dict that is JSON"),
        (lambda: Asset("a", uri="airflow://x"), "kept for Airflow"),
        (lambda: Asset.ref(), "give either name= or uri="),
        (lambda: AssetAlias("").to_data(), "1 to 1500 characters"),
    ],
)
def test_what_cannot_work_is_told_where_it_is_written(declare, words):
    with DAG("d"), pytest.raises(BadDag, match=words):
        declare()
