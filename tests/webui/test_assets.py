"""The pages and the API of assets."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from scheduler import Asset, FixedKeyMapper, PartitionedAssetTimetable, RollupMapper, SegmentWindow
from scheduler.core.assets import Mark
from scheduler.operations.assets import emit_event
from scheduler.store.asset_history import list_events
from scheduler.store.assets import put_uses
from scheduler.store.tables import asset_queue
from scheduler.wire import DagSpec, ScheduleSpec, TaskSpec
from tests.webui.conftest import HERE, Browser
from tests.webui.seed import NOW, ORDERS, add_dag

ASSET: dict[str, Any] = {
    "asset": "s3://shop/<orders>",
    "uri": "s3://shop/orders",
    "group": "table",
    "extra": {"owner": "ada"},
}


@pytest.fixture(autouse=True)
def declared(db):
    """One DAG makes an asset, and another waits for it."""
    maker = DagSpec(
        dag_id=ORDERS.dag_id,
        file="orders.py",
        tasks=(TaskSpec(task_id="load", operator="X", outlets=(ASSET,)),),
    )
    taker = DagSpec(dag_id="carrier_fanout", file="fanout.py", schedule=ScheduleSpec(assets=ASSET))
    with db.write() as session:
        put_uses(session, NOW, [maker, taker])


def api(person: Browser, path: str, given: dict[str, Any]) -> TestResponse:
    headers = {"X-CSRF-Token": person.token()}
    return person.client.post(
        path, data=json.dumps(given), headers=headers, content_type="application/json", base_url=HERE
    )


def read(person: Browser, path: str) -> Any:
    return person.get(path).get_json()


def events(db):
    with db.read() as session:
        return list_events(session, Mark("name", ASSET["asset"]))


def test_assets_are_listed_with_who_makes_them_and_what_they_begin(person):
    text = person.get("/assets").text
    assert "s3://shop/&lt;orders&gt;" in text
    assert "orders_hourly" in text
    assert "carrier_fanout" in text
    assert "never yet" in text


def test_a_person_says_that_one_changed_and_it_stands_on_its_page(person, db):
    form = person.get("/asset/form?name=s3://shop/<orders>&what=change").text
    assert "Say that s3://shop/&lt;orders&gt; changed" in form
    said = person.post(
        "/asset/form?what=change", name=ASSET["asset"], extra='{"rows": 7}', partition_key="eu"
    )
    assert said.status_code == 303
    (event,) = events(db)
    assert (event.extra, event.partition_key, event.actor) == ({"rows": 7}, "eu", "user:owner")
    text = person.get("/asset?name=s3://shop/<orders>").text
    assert "partition eu" in text
    assert "user:owner" in text
    assert "runs for it" in text


def test_a_partition_that_waits_stands_on_the_page_of_its_asset_and_dag(person, db):
    rollup = RollupMapper(upstream_mapper=FixedKeyMapper("all"), window=SegmentWindow(["eu", "us"]))
    by_partition = PartitionedAssetTimetable(
        assets=Asset(ASSET["asset"], ASSET["uri"]), default_partition_mapper=rollup
    )
    taker = DagSpec(dag_id="by_region", file="by_region.py", schedule=by_partition.to_spec())
    with db.write() as session:
        add_dag(session, taker)
        put_uses(session, NOW, [taker])
        emit_event(session, NOW, ASSET["asset"], partition_key="eu", actor="test")
        session.execute(sa.update(asset_queue).values(partition_key="all"))
    for path in ("/asset?name=s3://shop/<orders>", "/dags/by_region/details"):
        text = person.get(path).text
        assert "Partitions that wait" in text
        assert "s3://shop/&lt;orders&gt;: 1 of 2 have come; not us" in text


def test_what_an_event_says_stays_within_its_cell(person):
    person.post(
        "/asset/form?what=change",
        name=ASSET["asset"],
        extra='{"x\\" hidden=\\"": "<b>ä</b>"}',
        partition_key="",
    )
    text = person.get("/asset?name=s3://shop/<orders>").text
    shown = "{&#34;x\\&#34; hidden=\\&#34;&#34;: &#34;&lt;b&gt;ä&lt;/b&gt;&#34;}"
    assert f'title="{shown}">{shown}</td>' in text


def test_what_is_no_json_is_told_in_the_form(person, db):
    said = person.post("/asset/form?what=change", name=ASSET["asset"], extra="{rows")
    assert said.status_code == 400
    assert "{rows" in said.text
    assert events(db) == []


def test_an_asset_that_is_not_there_is_not_found(person):
    assert person.get("/asset?name=nothing").status_code == 404
    assert person.get("/api/v2/assets/77").status_code == 404
    assert person.get(f"/asset/form?name={ASSET['uri']}&what=burn").status_code == 404


def test_a_person_has_it_made(person):
    said = person.post("/asset/form?what=make", name=ASSET["asset"])
    assert said.status_code == 303
    assert "/dags/orders_hourly/runs/" in said.headers["Location"]
    run = person.get(said.headers["Location"].replace(HERE, "") + "/conf").text
    assert "asset_materialization" in run


def test_a_dag_names_its_assets_in_its_details(person):
    text = person.get("/dags/orders_hourly/details").text
    assert "<dt>Makes</dt>" in text
    assert "in load" in text


def test_programs_list_them_say_that_one_changed_and_have_one_made(person):
    (asset,) = read(person, "/api/v2/assets")["assets"]
    made_by, begins = asset["producing_tasks"], asset["scheduled_dags"]
    assert asset["name"] == ASSET["asset"]
    assert [each["dag_id"] for each in (*made_by, *begins)] == ["orders_hourly", "carrier_fanout"]
    path = f"/api/v2/assets/{asset['id']}"
    assert read(person, path)["extra"] == {"owner": "ada"}
    made = api(person, "/api/v2/assets/events", {"asset_id": asset["id"], "extra": {"n": 1}}).get_json()
    assert (made["name"], made["extra"]) == (ASSET["asset"], {"n": 1})
    assert read(person, f"/api/v2/assets/events?asset_id={asset['id']}")["total_entries"] == 1
    run = api(person, f"{path}/materialize", {}).get_json()
    assert (run["dag_id"], run["run_type"]) == ("orders_hourly", "asset_materialization")
    upstream = f"/api/v2/dags/orders_hourly/dagRuns/{run['dag_run_id']}/upstreamAssetEvents"
    assert read(person, upstream) == {"asset_events": [], "total_entries": 0}


@pytest.mark.parametrize("given", [{}, {"asset_id": "x"}, {"asset_id": 1, "extra": []}, {"asset": 1}])
def test_what_programs_get_wrong_is_told(person, given):
    assert api(person, "/api/v2/assets/events", given).status_code in (400, 422)


def test_lineage_leads_from_who_makes_an_asset_to_who_runs_for_it(person):
    graph = json.loads(person.get("/ui/assets/graph").data)
    asset = next(node["id"] for node in graph["nodes"] if node["id"].startswith("asset:"))
    assert [f"dag:{ORDERS.dag_id}", asset] in graph["edges"]
    assert [asset, "dag:carrier_fanout"] in graph["edges"]
    states = json.loads(person.get("/ui/assets/states").data)["tasks"]
    assert states["dag:carrier_fanout"]["href"] == "/dags/carrier_fanout"
    assert set(states) == {node["id"] for node in graph["nodes"]}
