"""The published client of Airflow's API, unchanged, against this server: every operation of the main nouns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from airflow_client.client import ApiClient, Configuration, api, models
from airflow_client.client.exceptions import ApiException
from werkzeug.serving import make_server

from scheduler.logs.lines import encode_line
from scheduler.runtime.supervisor.connection_trials import ConnectionTrials
from scheduler.store import Database
from scheduler.store.logs import put_chunks
from scheduler.store.views import runs, tasks
from scheduler.store.xcoms import XComRow, put_xcoms
from tests.webui import seed
from tests.webui.conftest import StillClock, build
from tests.webui.test_accounts import add
from tests.webui.test_pages import FAILED_RUN_ID

#: Connections may be tried out, and none works.
TRIALS = ConnectionTrials({}, command=["false"])
DAG = "orders_hourly"
TASK = "enrich.prices"


@pytest.fixture
def client(db: Database, clock: StillClock) -> Iterator[ApiClient]:
    """A client of a server over the shop."""
    token = add(db, clock, "ada", "Admin", password=None)
    server = make_server("127.0.0.1", 0, build(db, clock, trials=TRIALS), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = ApiClient(Configuration(host=f"http://127.0.0.1:{server.port}", access_token=token))
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_dags(client: ApiClient) -> None:
    dags = api.DAGApi(client)
    assert [each.dag_id for each in dags.get_dags(order_by=["-dag_id"], limit=1).dags] == ["warehouse_sync"]
    assert dags.get_dag(DAG).timetable_summary == "5 * * * *"
    assert dags.get_dag_details(DAG).latest_dag_version.version_number == 1
    assert dags.get_dag_tags().total_entries == 4
    assert dags.patch_dag(DAG, models.DAGPatchBody(is_paused=True)).is_paused
    assert dags.patch_dags(models.DAGPatchBody(is_paused=False), dag_id_pattern="~").total_entries == 3
    dags.favorite_dag(DAG)
    assert [each.dag_id for each in dags.get_dags(is_favorite=True).dags] == [DAG]
    dags.unfavorite_dag(DAG)
    assert not dags.get_dag_details(DAG).is_favorite
    with pytest.raises(ApiException, match="Cancel them first"):
        dags.delete_dag(DAG)


def test_tasks(client: ApiClient) -> None:
    found = api.TaskApi(client)
    listed = found.get_tasks(DAG, order_by="-task_id").tasks
    assert listed[0].task_id == "validate"
    assert found.get_task(DAG, "extract").downstream_task_ids == ["validate"]


def test_runs(client: ApiClient) -> None:
    runs = api.DagRunApi(client)
    body = {"dag_run_id": "mine", "logical_date": None, "conf": {"limit": 3}, "note": "by a program"}
    assert runs.trigger_dag_run(DAG, models.TriggerDAGRunPostBody.from_dict(body)).note == "by a program"
    assert runs.get_dag_run(DAG, "mine").state == "queued"
    assert runs.get_dag_runs("~", state=["failed"], order_by=["-run_after"]).dag_runs[0].dag_id
    assert runs.get_dag_runs(DAG, cursor="", limit=2).next_cursor
    batch = runs.get_list_dag_runs_batch("~", models.DAGRunsBatchBody(dag_ids=[DAG], page_limit=2))
    assert len(batch.dag_runs) == 2
    patched = runs.patch_dag_run(DAG, "mine", models.DAGRunPatchBody(state="failed", note="over"))
    assert (patched.state, patched.note) == ("failed", "over")
    assert runs.wait_dag_run_until_finished(DAG, "mine", interval=1)["state"] == "failed"
    # The client itself cannot tell a task instance from a new task, so its answer is read without it.
    dry = runs.clear_dag_run_without_preload_content(
        DAG, FAILED_RUN_ID, models.DAGRunClearBody(only_failed=True)
    )
    assert TASK in {each["task_id"] for each in json.loads(dry.data)["task_instances"]}
    new = runs.clear_dag_run(DAG, FAILED_RUN_ID, models.DAGRunClearBody(only_new=True))
    assert new.actual_instance.total_entries == 0
    done = runs.clear_dag_run(DAG, "mine", models.DAGRunClearBody(dry_run=False))
    assert done.actual_instance.state == "queued"
    runs.delete_dag_run(DAG, "mine")
    with pytest.raises(ApiException, match="mine"):
        runs.get_dag_run(DAG, "mine")


def test_task_instances(client: ApiClient) -> None:
    found = api.TaskInstanceApi(client)
    assert found.get_task_instances(DAG, FAILED_RUN_ID).total_entries == len(seed.FAILED)
    every = found.get_task_instances("~", "~", state=["failed"], limit=1, order_by=["-start_date"])
    assert every.task_instances[0].state == "failed"
    batch = found.get_task_instances_batch(
        "~", "~", models.TaskInstancesBatchBody(task_ids=[TASK], page_limit=1)
    )
    assert batch.task_instances[0].task_id == TASK
    assert found.get_task_instance(DAG, FAILED_RUN_ID, TASK).task_display_name == "prices"
    assert found.get_mapped_task_instance(DAG, FAILED_RUN_ID, TASK, -1).task_id == TASK
    assert found.get_task_instance_tries(DAG, FAILED_RUN_ID, TASK).total_entries == 1
    assert found.get_mapped_task_instance_tries(DAG, FAILED_RUN_ID, TASK, -1).total_entries == 1
    assert found.get_task_instance_try_details(DAG, FAILED_RUN_ID, TASK, 1).try_number == 1
    assert found.get_mapped_task_instance_try_details(DAG, FAILED_RUN_ID, TASK, 1, -1).try_number == 1
    assert found.get_task_instance_dependencies(DAG, FAILED_RUN_ID, TASK).dependencies == []
    assert found.get_task_instance_dependencies_by_map_index(DAG, FAILED_RUN_ID, TASK, -1).dependencies == []
    assert found.get_extra_links(DAG, FAILED_RUN_ID, TASK).total_entries == 0
    assert "/tasks/enrich.prices" in found.get_external_log_url(DAG, FAILED_RUN_ID, TASK, 1).url
    with pytest.raises(ApiException, match="no task"):
        found.get_mapped_task_instances(DAG, FAILED_RUN_ID, TASK)


def test_task_instances_are_changed_and_cleared(client: ApiClient) -> None:
    found = api.TaskInstanceApi(client)
    body = models.PatchTaskInstanceBody(new_state="success", note="seen", include_downstream=True)
    dry = found.patch_task_instance_dry_run(DAG, FAILED_RUN_ID, TASK, body)
    names = {each.task_id for each in dry.task_instances}
    assert names > {TASK}
    by_index = found.patch_task_instance_dry_run_by_map_index(DAG, FAILED_RUN_ID, TASK, -1, body)
    assert {each.task_id for each in by_index.task_instances} == names
    one = models.PatchTaskInstanceBody(new_state="success", note="seen")
    done = found.patch_task_instance(DAG, FAILED_RUN_ID, TASK, one)
    assert [(each.state, each.note) for each in done.task_instances] == [("success", "seen")]
    again = models.PatchTaskInstanceBody(new_state="skipped")
    assert found.patch_task_instance_by_map_index(DAG, FAILED_RUN_ID, TASK, -1, again).total_entries == 1
    named = [models.ClearTaskInstancesBodyTaskIdsInner(TASK)]
    clear = models.ClearTaskInstancesBody(dag_run_id=FAILED_RUN_ID, task_ids=named, only_failed=False)
    assert found.post_clear_task_instances(DAG, clear).total_entries == 1
    clear = models.ClearTaskInstancesBody(
        dag_run_id=FAILED_RUN_ID, task_ids=named, only_failed=False, dry_run=False, include_past=True
    )
    assert found.post_clear_task_instances(DAG, clear).total_entries > 1
    assert found.get_task_instance(DAG, FAILED_RUN_ID, TASK).state is None


def test_logs(client: ApiClient, db: Database) -> None:
    with db.write() as session:
        run = runs.find_run(session, DAG, FAILED_RUN_ID)
        attempt = tasks.list_attempts(session, tasks.find_task(session, run.id, TASK).id)[-1]
        lines = [encode_line(seed.NOW, "info", "stdout", word) for word in ("one", "two")]
        put_chunks(session, [(attempt.id, 0, b"".join(lines))])
    found = api.TaskInstanceApi(client)
    answer = found.get_log(DAG, FAILED_RUN_ID, TASK, 1)
    assert [each.event for each in answer.content.actual_instance] == ["one", "two"]
    raw = found.get_log_without_preload_content(
        DAG, FAILED_RUN_ID, TASK, 1, _headers={"Accept": "application/x-ndjson"}
    )
    assert [json.loads(line)["event"] for line in raw.data.splitlines()] == ["one", "two"]


def test_xcoms(client: ApiClient, db: Database) -> None:
    with db.write() as session:
        run = runs.find_run(session, DAG, FAILED_RUN_ID)
        put_xcoms(session, seed.NOW, [XComRow(run.id, TASK, "", "return_value", {"EUR": 1.1})])
    found = api.XComApi(client)
    where = (DAG, TASK, FAILED_RUN_ID)
    assert found.get_xcom_entries("~", "~", "~", xcom_key_pattern="return").total_entries == 1
    entry: Any = found.get_xcom_entry(*where, xcom_key="return_value")
    assert entry.actual_instance.value == {"EUR": 1.1}
    text: Any = found.get_xcom_entry(*where, "return_value", stringify=True)
    assert text.actual_instance.value == '{"EUR":1.1}'
    created = found.create_xcom_entry(*where, models.XComCreateBody(key="mine", value=[1]))
    assert created.value == [1]
    with pytest.raises(ApiException, match="already exists"):
        found.create_xcom_entry(*where, models.XComCreateBody(key="mine", value=[1]))
    assert found.update_xcom_entry(*where, "mine", models.XComUpdateBody(value=2)).value == 2
    found.delete_xcom_entry(*where, "mine")
    with pytest.raises(ApiException, match="none of that key"):
        found.get_xcom_entry(*where, "mine")
    with pytest.raises(ApiException, match="__type__"):
        found.create_xcom_entry(
            *where, models.XComCreateBody(key="x", value={"__type__": "set", "value": []})
        )


def test_many_at_once(client: ApiClient) -> None:
    runs, found = api.DagRunApi(client), api.TaskInstanceApi(client)
    entities = [{"dag_run_id": each, "note": "seen"} for each in (FAILED_RUN_ID, "nobody")]
    body = {"actions": [{"action": "update", "entities": entities}]}
    done = runs.bulk_dag_runs(DAG, models.BulkBodyBulkDAGRunBody.from_dict(body)).update
    assert (done.success, done.errors[0]["status_code"]) == ([f"{DAG}.{FAILED_RUN_ID}"], 404)
    entity = {"task_id": TASK, "dag_id": DAG, "dag_run_id": FAILED_RUN_ID, "new_state": "skipped"}
    body = {"actions": [{"action": "update", "entities": [entity]}]}
    marked = found.bulk_task_instances("~", "~", models.BulkBodyBulkTaskInstanceBody.from_dict(body))
    assert marked.update.success == [f"{DAG}.{FAILED_RUN_ID}.{TASK}"]
    group = models.PatchTaskInstanceBody(new_state="success")
    dry = found.patch_task_group_instances_dry_run(DAG, FAILED_RUN_ID, "enrich", group)
    assert {each.task_id for each in dry.task_instances} >= {TASK}
    assert found.patch_task_group_instances(DAG, FAILED_RUN_ID, "enrich", group).total_entries
    named = {"dag_runs": [{"dag_run_id": FAILED_RUN_ID}], "dry_run": False}
    cleared = runs.clear_dag_runs(DAG, models.BulkDAGRunClearBody.from_dict(named))
    assert [each.state for each in cleared.actual_instance.dag_runs] == ["queued"]
