"""The rest of the published client: every operation of it is there, and what the other files leave out is used."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from airflow_client.client import ApiClient, api, models
from airflow_client.client.exceptions import ApiException
from flask import Flask

from scheduler.store import Database
from scheduler.store.assets import put_uses
from scheduler.store.tables import asset, dag_run
from scheduler.wire import ScheduleSpec, TaskSpec
from tests.webui import seed
from tests.webui.api.test_client import DAG, TASK, client
from tests.webui.test_actions import LIVE_RUN_ID
from tests.webui.test_assets import ASSET
from tests.webui.test_pages import FAILED_RUN_ID
from tests.webui.test_questions import ASKS, _ask

__all__ = ["client"]

_OPERATION = re.compile(r"method='(\w+)',\s*resource_path='([^']+)'")
_NAME = re.compile(r"def _(\w+)_serialize\(")
_SOURCES = sorted(Path(api.__file__).parent.glob("*_api.py"))
_ARGUMENT = re.compile(r"<[^>]*>|\{\w+\}")


def test_every_operation_of_the_published_client_has_a_route(app: Flask) -> None:
    routes = {
        (method, _ARGUMENT.sub("?", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    wanted = [found for path in _SOURCES for found in _OPERATION.findall(path.read_text())]
    assert len(wanted) > 120
    assert [each for each in wanted if (each[0], _ARGUMENT.sub("?", each[1])) not in routes] == []


def test_every_operation_is_used_here() -> None:
    used = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    named = {found for path in _SOURCES for found in _NAME.findall(path.read_text())}
    left = {each for each in named if not re.search(rf"\.{each}(_without_preload_content)?\b", used)}
    assert left == set()


def refused(status: int, call: Any, *arguments: Any, **options: Any) -> None:
    with pytest.raises(ApiException) as caught:
        call(*arguments, **options)
    assert caught.value.status == status


def test_what_a_task_keeps_is_read_and_changed(client: ApiClient) -> None:
    states = api.TaskStateStoreApi(client)
    where = (DAG, FAILED_RUN_ID, TASK)
    until = seed.NOW + timedelta(days=1)
    states.set_task_state_store(
        "a/b", *where, models.TaskStateStoreBody(value={"row": 7}, expires_at=models.ExpiresAt(until))
    )
    states.set_task_state_store("c", *where, models.TaskStateStoreBody(value=1))
    assert states.get_task_state_store("a/b", *where).value == {"row": 7}
    states.patch_task_state_store("a/b", *where, models.TaskStateStorePatchBody(value="x"))
    kept = states.list_task_state_store(*where).task_state_store
    assert [(each.key, each.expires_at) for each in kept] == [("a/b", until), ("c", None)]
    refused(404, states.patch_task_state_store, "none", *where, models.TaskStateStorePatchBody(value="x"))
    past = models.TaskStateStoreBody(value=1, expires_at=models.ExpiresAt(seed.NOW))
    refused(400, states.set_task_state_store, "c", *where, past)
    states.delete_task_state_store("c", *where)
    states.delete_task_state_store("c", *where)
    states.clear_task_state_store(*where, all_map_indices=True)
    assert states.list_task_state_store(*where).total_entries == 0
    refused(404, states.clear_task_state_store, DAG, FAILED_RUN_ID, "nobody", all_map_indices=True)


def test_what_is_kept_with_an_asset_is_read_and_changed(client: ApiClient, db: Database) -> None:
    with db.write() as session:
        values = {"name": "prices", "uri": "s3://prices", "extra": {}, "updated_at": seed.NOW}
        asset_id = session.scalar(sa.insert(asset).values(values).returning(asset.c.id))
    states = api.AssetStateStoreApi(client)
    states.set_asset_state_store("seen", asset_id, models.AssetStateStoreBody(value=[1]))
    kept = states.get_asset_state_store("seen", asset_id)
    assert (kept.value, kept.last_updated_by.kind) == ([1], "api")
    assert states.list_asset_state_store(asset_id).total_entries == 1
    refused(404, states.get_asset_state_store, "none", asset_id)
    states.delete_asset_state_store("seen", asset_id)
    states.clear_asset_state_store(asset_id)
    refused(404, states.list_asset_state_store, 99)


def test_questions_are_listed_and_answered(client: ApiClient, db: Database) -> None:
    _ask(db, ASKS)
    found = api.TaskInstanceApi(client)
    listed = found.get_hitl_details(
        "~", "~", subject_search="ship", map_index=-1, state=["awaiting_input"], order_by=["-created_at"]
    )
    assert listed.hitl_details[0].task_instance.task_id == TASK
    where = (DAG, LIVE_RUN_ID, TASK, -1)
    asked = found.get_hitl_detail(*where)
    assert not asked.response_received
    given = models.UpdateHITLDetailPayload(chosen_options=["yes"], params_input={"rows": 2})
    assert found.update_hitl_detail(*where, given).params_input == {"rows": 2, "note": ""}
    number = asked.task_instance.try_number
    assert found.get_hitl_detail_try_detail(*where, try_number=number).chosen_options == ["yes"]
    by = found.get_hitl_details(DAG, LIVE_RUN_ID, response_received=True, responded_by_user_id=["ada"])
    assert by.total_entries == 1


def test_partitions_are_forgotten_and_files_parsed_again(client: ApiClient, db: Database) -> None:
    with db.write() as session:
        named = sa.update(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID, dag_run.c.dag_id == DAG)
        session.execute(named.values(partition_key="eu"))
    runs = api.DagRunApi(client)
    body = models.ClearPartitionsBody(partition_key="eu", clear_task_instances=True)
    dry = runs.clear_dag_run_partitions(DAG, body)
    assert (dry.dag_runs_cleared, dry.dry_run) == (1, True)
    assert dry.task_instances_cleared > 0
    runs.clear_dag_run_partitions(DAG, models.ClearPartitionsBody(partition_key="eu", dry_run=False))
    assert runs.clear_dag_run_partitions(DAG, body).dag_runs_cleared == 0
    _add_runs_of_a_partition(db, "us", 501)
    for call in (runs.clear_dag_run_partitions, runs.clear_dag_runs):
        kind = (
            models.ClearPartitionsBody
            if call == runs.clear_dag_run_partitions
            else models.BulkDAGRunClearBody
        )
        with pytest.raises(ApiException, match="More than 500 runs are meant, and none was touched"):
            call(DAG, kind(partition_key="us", dry_run=False))
    token = api.DAGApi(client).get_dag(DAG).file_token
    api.DAGParsingApi(client).reparse_dag_file(token)
    refused(404, api.DAGParsingApi(client).reparse_dag_file, "bm9uZQ==")


def _add_runs_of_a_partition(db: Database, partition_key: str, count: int) -> None:
    with db.write() as session:
        [like] = session.execute(sa.select(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID)).mappings()
        same = {name: value for name, value in like.items() if name != "id"} | {
            "partition_key": partition_key
        }
        names = [f"{partition_key}_{number}" for number in range(count)]
        rows = [{**same, "run_id": each, "trigger_key": each} for each in names]
        session.execute(sa.insert(dag_run), rows)


def test_what_makes_no_sense_here_is_refused_in_words(client: ApiClient) -> None:
    found = api.TaskInstanceApi(client)
    with pytest.raises(ApiException, match="clear it, mark it as skipped, or delete the run"):
        found.delete_task_instance(DAG, FAILED_RUN_ID, TASK)
    refused(404, found.delete_task_instance, DAG, FAILED_RUN_ID, "nobody")
    # The client follows both to pages, which are no JSON.
    doors = api.LoginApi(client)
    for lead in (doors.login_without_preload_content, doors.logout_without_preload_content):
        assert b"<html" in lead().data


def test_an_asset_is_made_changed_and_waited_for(client: ApiClient, db: Database) -> None:
    maker = replace(seed.ORDERS, tasks=(TaskSpec(task_id="load", operator="X", outlets=(ASSET,)),))
    taker = replace(
        seed.ORDERS, dag_id="carrier_fanout", file="fanout.py", schedule=ScheduleSpec(assets=ASSET)
    )
    with db.write() as session:
        put_uses(session, seed.NOW, [maker, taker])
    assets = api.AssetApi(client)
    [known] = assets.get_assets().assets
    changed = assets.create_asset_event(models.CreateAssetEventsBody(asset_id=known.id, extra={"n": 1}))
    waits = assets.get_dag_asset_queued_event("carrier_fanout", known.id)
    assert (changed.extra, waits.dag_id) == ({"n": 1}, "carrier_fanout")
    assets.delete_dag_asset_queued_event("carrier_fanout", known.id)
    assets.create_asset_event(models.CreateAssetEventsBody(asset_id=known.id))
    assets.delete_asset_queued_events(known.id)
    refused(404, assets.delete_dag_asset_queued_events, "carrier_fanout")
    run = assets.materialize_asset(known.id, models.MaterializeAssetBody(note="by a program"))
    assert (run.dag_id, run.note) == (DAG, "by a program")
    assert assets.materialize_asset(known.id).dag_id == DAG
    upstream = api.DagRunApi(client).get_upstream_asset_events(DAG, run.dag_run_id)
    assert upstream.total_entries == 0


def test_many_of_what_is_set_are_written_at_once(client: ApiClient) -> None:
    def create(*entities: dict[str, Any]) -> dict[str, Any]:
        return {"actions": [{"action": "create", "entities": entities}]}

    pools, links, variables = api.PoolApi(client), api.ConnectionApi(client), api.VariableApi(client)
    made = pools.bulk_pools(models.BulkBodyPoolBody.from_dict(create({"name": "gpu", "slots": 1})))
    assert made.create.success == ["gpu"]
    body = models.BulkBodyVariableBody.from_dict(create({"key": "a", "value": 1}))
    assert variables.bulk_variables(body).create.success == ["a"]
    body = models.BulkBodyConnectionBody.from_dict(create({"connection_id": "db", "conn_type": "http"}))
    assert links.bulk_connections(body).create.success == ["db"]
    assert links.get_connection("db").conn_type == "http"
    trial = models.ConnectionTestRequestBody(connection_id="db", conn_type="http")
    queued = links.enqueue_connection_test(trial)
    asked = links.get_connection_test(queued.token)
    assert (asked.connection_id, asked.state, asked.result_message) == ("db", "pending", None)
    refused(409, links.enqueue_connection_test, trial)
    refused(404, links.get_connection_test, "another")
