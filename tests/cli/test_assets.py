"""`dirigent assets`."""

from datetime import UTC, datetime

import pytest

from scheduler.store import Database
from scheduler.store.assets import put_assets


@pytest.fixture(autouse=True)
def declared(dirigent, project):
    dirigent("db", "upgrade")
    db = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    with db.write() as session:
        put_assets(
            session, datetime(2026, 1, 1, tzinfo=UTC), [{"asset": "orders", "uri": "s3://shop/orders"}]
        )
    db.close()


def test_assets_are_listed_shown_and_said_to_have_changed(dirigent):
    assert "s3://shop/orders" in dirigent("assets", "list").out
    words = ("--extra", '{"rows": 7}', "--partition-key", "eu")
    assert dirigent("assets", "emit", "orders", *words).out == "Asset orders changed: event 1.\n"
    (event,) = dirigent("assets", "events", "s3://shop/orders", "-o", "json").json
    assert (event["extra"], event["partition_key"], event["source_dag_id"]) == ({"rows": 7}, "eu", None)
    assert dirigent("assets", "details", "orders", "-o", "json").json["last_asset_event"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("details", "nothing"), "There is no asset 'nothing'"),
        (("events", "nothing"), "There is no asset 'nothing'"),
        (("emit", "orders", "--extra", "{rows"), "extra is not JSON"),
        (("emit", "orders", "--partition-key", "x" * 251), "1 to 250 characters"),
        (("partitions", "nothing"), "There is no DAG 'nothing'"),
        (("materialize", "orders"), "No DAG makes the asset 'orders'"),
    ],
)
def test_what_cannot_be_done_is_told(dirigent, words, sentence):
    said = dirigent("assets", *words)
    assert said.code == 1
    assert sentence in said.err
    assert said.err.count("\n") == 1
