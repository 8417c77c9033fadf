"""The nouns of the API beside runs and tasks, used by the published client of Airflow 3.3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import airflow_client.client as airflow
import pytest
from airflow_client.client.exceptions import ApiException
from flask import Flask

from scheduler.cli.parts.page import Page as Server
from scheduler.cli.parts.page import address_of, bind
from scheduler.store import Database
from tests.webui.conftest import HERE, Browser, StillClock, build
from webui.context import ShownSetting

#: Their packages name nothing as theirs to give on.
apis: Any = import_module("airflow_client.client.api")
models: Any = import_module("airflow_client.client.models")

SETTINGS = {"port": ShownSetting(8080, "DIRIGENT_PORT"), "secret_key": ShownSetting("***", "")}
DAG = "orders_hourly"


@pytest.fixture
def app(db: Database, clock: StillClock) -> Flask:
    return build(db, clock, settings=SETTINGS)


@pytest.fixture
def client(app: Flask, person: Browser) -> Iterator[airflow.ApiClient]:
    """The published client at a server of the pages, with the session of somebody who is signed in."""
    listener = bind("127.0.0.1", 0)
    server = Server(app, listener)
    server.start()
    cookie = person.client.get_cookie("dirigent_8080", domain="127.0.0.1")
    assert cookie is not None
    with airflow.ApiClient(airflow.Configuration(host=address_of(listener))) as client:
        client.default_headers |= {"Cookie": f"{cookie.key}={cookie.value}", "X-CSRF-Token": person.token()}
        yield client
    server.close()


def refused(status: int, call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(ApiException) as caught:
        call(*arguments, **options)
    assert caught.value.status == status
    return str(json.loads(caught.value.body or "{}")["detail"])


def test_variables_pools_and_connections_are_made_changed_and_deleted(client: airflow.ApiClient) -> None:
    variables = apis.VariableApi(client)
    body = models.VariableBody(key="shop/currency", value={"a": 1, "token": "t0psecret"})
    assert json.loads(variables.post_variable(body).value) == {"a": 1, "token": "***"}
    refused(409, variables.post_variable, body)
    changed = models.VariableBody(key="shop/currency", value="EUR", description="ours")
    assert variables.patch_variable("shop/currency", changed).description == "ours"
    assert variables.get_variable("shop/currency").value == "EUR"
    listed = variables.get_variables(variable_key_pattern="shop", order_by=["-key"])
    assert (listed.total_entries, listed.variables[0].key) == (1, "shop/currency")
    variables.delete_variable("shop/currency")
    refused(404, variables.get_variable, "shop/currency")

    pools = apis.PoolApi(client)
    assert pools.post_pool(models.PoolBody(name="gpu", slots=2)).open_slots == 2
    assert pools.patch_pool("gpu", models.PoolPatchBody(slots=3), update_mask=["slots"]).slots == 3
    assert pools.get_pool("gpu").include_deferred is False
    assert {each.name for each in pools.get_pools().pools} == {"default_pool", "gpu"}
    pools.delete_pool("gpu")
    assert "tasks that name no pool" in refused(409, pools.delete_pool, "default_pool")

    connections = apis.ConnectionApi(client)
    wanted = models.ConnectionBody(
        connection_id="db",
        conn_type="postgres",
        host="h",
        password="hunter2",
        extra='{"api_key": "k"}',
        var_schema="s",
    )
    made = connections.post_connection(wanted)
    assert (made.password, made.extra, made.var_schema) == ("***", '{"api_key": "***"}', "s")
    masked = models.ConnectionBody(connection_id="db", conn_type="postgres", host="other", password="***")
    assert connections.patch_connection("db", masked).host == "other"
    assert connections.get_connections(connection_id_pattern="d").total_entries == 1
    assert "DIRIGENT_CONNECTION_TEST is off" in refused(403, connections.test_connection, wanted)
    connections.create_default_connections()
    connections.delete_connection("db")


def test_many_are_written_at_once_and_what_cannot_be_is_told_of(
    person: Browser, client: airflow.ApiClient
) -> None:
    def send(noun: str, *actions: dict[str, Any]) -> dict[str, Any]:
        answer = person.client.patch(
            f"/api/v2/{noun}",
            json={"actions": actions},
            headers={"X-CSRF-Token": person.token()},
            base_url=HERE,
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json or {}
        return found

    create = {"action": "create", "entities": [{"key": "a", "value": 1}, {"key": "b", "value": "x"}]}
    assert send("variables", create)["create"]["success"] == ["a", "b"]
    again = send("variables", create, {"action": "delete", "entities": ["a", "nothing"]})
    assert [each["status_code"] for each in again["create"]["errors"]] == [409, 409]
    assert again["delete"]["success"] == ["a"]
    update = {
        "action": "update",
        "entities": [{"key": "b", "value": "y", "description": "d"}],
        "update_mask": ["value"],
    }
    over = {"action": "create", "entities": [{"name": "p", "slots": 1}], "action_on_existence": "overwrite"}
    assert send("variables", update)["update"]["success"] == ["b"]
    assert apis.VariableApi(client).get_variable("b").description is None
    assert send("pools", over, over)["create"]["success"] == ["p", "p"]
    faulty = {"action": "create", "entities": [{"connection_id": "c", "conn_type": "http", "port": 99999}]}
    assert "port" in send("connections", faulty)["create"]["errors"][0]["error"]


def test_what_is_known_of_dags_and_of_the_server_is_told(client: airflow.ApiClient) -> None:
    versions = apis.DagVersionApi(client).get_dag_versions(DAG)
    assert versions.total_entries == len(versions.dag_versions) > 0
    number = versions.dag_versions[0].version_number
    assert apis.DagVersionApi(client).get_dag_version(DAG, number).dag_id == DAG
    source = apis.DagSourceApi(client)
    assert "def prices" in (source.get_dag_source(DAG).content or "")
    assert b"def prices" in source.get_dag_source_without_preload_content(DAG, accept="text/plain").data
    stats = apis.DagStatsApi(client).get_dag_stats(dag_ids=[DAG]).dags[0]
    assert {each.state: each.count for each in stats.stats}["success"] > 0
    assert apis.DagWarningApi(client).list_dag_warnings().total_entries == 0
    (broken,) = apis.ImportErrorApi(client).get_import_errors().import_errors
    assert apis.ImportErrorApi(client).get_import_error(broken.import_error_id).filename == broken.filename
    assert apis.JobApi(client).get_jobs(is_alive=True).total_entries >= 0
    assert apis.PluginApi(client).get_plugins().plugins == []
    assert apis.PluginApi(client).import_errors().total_entries == 0
    assert apis.ProviderApi(client).get_providers().total_entries >= 0
    assert apis.VersionApi(client).get_version().version
    assert apis.MonitorApi(client).get_health().metadatabase.status == "healthy"
    config = apis.ConfigApi(client)
    assert {each.key for each in config.get_config().sections[0].options} == {"port", "secret_key"}
    assert config.get_config_value("dirigent", "port").sections[0].options[0].value.actual_instance == "8080"
    refused(404, config.get_config, section="core")


def test_who_did_what_is_told(person: Browser, client: airflow.ApiClient) -> None:
    person.post(f"/dags/{DAG}/pause", is_paused="true")
    logs = apis.EventLogApi(client)
    (newest,) = logs.get_event_logs(limit=1, excluded_events=["request.written"]).event_logs
    assert (newest.event, newest.dag_id, newest.owner) == ("dag.paused", DAG, newest.owner)
    assert logs.get_event_log(newest.event_log_id).when == newest.when
    assert (
        logs.get_event_logs(excluded_events=["dag.paused", "request.written"], dag_id=DAG).total_entries == 0
    )
    assert logs.get_event_logs(included_events=["dag.paused"], owner_pattern="own").total_entries == 1


def test_assets_events_and_what_waits_are_told(client: airflow.ApiClient) -> None:
    assets = apis.AssetApi(client)
    assert assets.get_assets(name_pattern="nothing").total_entries == 0
    assert assets.get_asset_aliases().asset_aliases == []
    assert assets.get_asset_events(order_by=["timestamp"]).total_entries == 0
    for call in (assets.get_asset, assets.get_asset_alias, assets.get_asset_queued_events):
        refused(404, call, 7)
    assert assets.get_dag_asset_queued_events(DAG).queued_events == []
    refused(404, assets.delete_dag_asset_queued_events, DAG)


def test_backfills_are_tried_begun_paused_and_cancelled(client: airflow.ApiClient) -> None:
    backfills = apis.BackfillApi(client)
    body = models.BackfillPostBody(
        dag_id=DAG, from_date="2026-11-20T00:00:00Z", to_date="2026-11-20T03:00:00Z"
    )
    assert backfills.create_backfill_dry_run(body).total_entries == 3
    made = backfills.create_backfill(body)
    assert backfills.pause_backfill(made.id).is_paused
    assert not backfills.unpause_backfill(made.id).is_paused
    assert backfills.cancel_backfill(made.id).completed_at
    assert backfills.get_backfill(made.id).id == made.id
    assert backfills.list_backfills(DAG).total_entries == 1
