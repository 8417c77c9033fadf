"""A person, or a program, gives a task the result that it did not make."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.operations.set_result import set_result, take_result_back
from scheduler.store import Database, tables
from scheduler.store.views import runs
from scheduler.store.xcoms import get_xcom, has_xcom, list_xcoms
from scheduler.wire import dag_from_json, dag_to_json
from tests.webui import seed
from tests.webui.conftest import HERE, Browser
from tests.webui.test_actions import find_task, states
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

RESULT = f"{FAILED_RUN}/tasks/enrich.prices/result"
KEY = TaskKey("enrich.prices", "")


def value_of(db: Database) -> object:
    with db.read() as session:
        run = runs.find_run(session, "orders_hourly", FAILED_RUN_ID)
        return get_xcom(session, run.id, "enrich.prices", "return_value")


def test_a_failed_task_is_given_a_result_and_what_waited_goes_on(db: Database, person: Browser) -> None:
    text = person.get(RESULT).text
    assert "judged anew" in text
    answer = person.post(RESULT, value='{"rows": 3}')
    assert answer.status_code == 303
    assert value_of(db) == {"rows": 3}
    after = states(db, FAILED_RUN_ID)
    assert (after["enrich.prices"], after["join"]) == ("success", "none")
    assert "rows" in person.get(f"{FAILED_RUN}/tasks/enrich.prices/xcom").text


def test_a_result_can_be_taken_back(db: Database, person: Browser) -> None:
    answer = person.post(RESULT, value="1")
    undo = html.unescape(
        re.findall(r'data-sheet href="([^"]+)">Undo', person.get(answer.headers["Location"]).text)[0]
    )
    sheet = person.get(undo).text
    assert "Take it back" in sheet
    fields = dict(re.findall(r'<input type="hidden" name="(take|to|try)" value="([^"]*)"', sheet))
    assert person.post(RESULT, **fields | {"try": "9"}).status_code == 400  # it has run since
    assert value_of(db) == 1
    person.post(RESULT, **fields)
    assert find_task(db, FAILED_RUN_ID, "enrich.prices").state == "failed"
    with db.read() as session:
        run = runs.find_run(session, "orders_hourly", FAILED_RUN_ID)
        assert not has_xcom(session, run.id, "enrich.prices", "return_value")


def test_another_value_in_place_of_one_offers_the_one_before(db: Database, person: Browser) -> None:
    person.post(RESULT, value='{"a": "<b>"}')
    assert "&lt;b&gt;" in person.get(RESULT).text
    answer = person.post(RESULT, value="null")
    undo = html.unescape(
        re.findall(r'data-sheet href="([^"]+)">Undo', person.get(answer.headers["Location"]).text)[0]
    )
    assert "&lt;b&gt;" in person.get(undo).text.partition("data-preview-keys>")[2]
    assert value_of(db) is None


def hand_on_parts(db: Database, task_id: str) -> None:
    """Have a task of all versions hand each key of its result on."""
    column = tables.dag_version.c.graph
    with db.write() as session:
        for pk, text in session.execute(sa.select(tables.dag_version.c.id, column)).all():
            spec = dag_from_json(text)
            tasks = (replace(t, multiple_outputs=True) if t.task_id == task_id else t for t in spec.tasks)
            changed = dag_to_json(replace(spec, tasks=tuple(tasks)))
            where = sa.update(tables.dag_version).where(tables.dag_version.c.id == pk)
            session.execute(where.values(graph=changed))


def handed_on(db: Database) -> dict[str, object]:
    with db.read() as session:
        run = runs.find_run(session, "orders_hourly", FAILED_RUN_ID)
        return {each.key: each.value for each in list_xcoms(session, run.id, "enrich.prices")}


def test_each_key_of_a_task_with_multiple_outputs_is_handed_on_as_its_run_would(
    db: Database, person: Browser
) -> None:
    hand_on_parts(db, "enrich.prices")
    assert person.post(RESULT, value='{"rows": 3, "euro": [1]}').status_code == 303
    assert handed_on(db) == {"rows": 3, "euro": [1], "return_value": {"rows": 3, "euro": [1]}}
    preview = person.get(f"{RESULT}?value=" + quote('{"rows": 4, "usd": 1}')).text
    names = re.findall(r'<span class="mono">(\w+)</span><span class="row">handed on (\w+)', preview)
    assert names == [("rows", "under"), ("usd", "under"), ("euro", "no")]
    person.post(RESULT, value='{"rows": 4, "usd": 1}')
    assert set(handed_on(db)) == {"rows", "usd", "return_value"}
    person.post(RESULT, take="true", to="failed")
    assert handed_on(db) == {}
    assert person.post(RESULT, value='{"": 1}').status_code == 400
    assert handed_on(db) == {}


@pytest.mark.parametrize("value", ["{", "", "NaN", "[" * 100_000, '{"__type__": 1}'])
def test_what_is_no_json_is_told_and_kept_in_the_form(db: Database, person: Browser, value: str) -> None:
    answer = person.post(RESULT, value=value)
    assert answer.status_code == 400
    assert re.search(r'role="alert">[^<]+', answer.text)
    assert html.escape(value) in answer.text.replace("&#34;", "&quot;")
    assert find_task(db, FAILED_RUN_ID, "enrich.prices").state == "failed"


def test_the_api_gives_a_result_in_one_step(db: Database, person: Browser) -> None:
    run = FAILED_RUN.rpartition("/")[2]
    address = f"/api/dirigent/dags/orders_hourly/dagRuns/{run}/taskInstances/enrich.prices/result"
    headers = {"X-CSRF-Token": person.token(), "Content-Type": "application/json"}
    answer = person.client.put(address, data=json.dumps({"value": [1, 2]}), headers=headers, base_url=HERE)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["state"] == "success"
    assert "join" in answer.get_json()["judged_anew"]
    assert value_of(db) == [1, 2]
    assert person.client.put(address, data="{}", headers=headers, base_url=HERE).status_code == 422


def test_a_result_and_its_taking_back_are_one_change_each(db: Database) -> None:
    names = ("orders_hourly", FAILED_RUN_ID, KEY)
    with db.write() as session:
        assert "join" in set_result(session, seed.NOW, *names, 7, actor="user:ada")
        assert set_result(session, seed.NOW, *names, 8, actor="user:ada") == []
    with db.write() as session:
        take_result_back(session, seed.NOW, *names, to="failed", actor="user:ada")
    assert find_task(db, FAILED_RUN_ID, "enrich.prices").state == "failed"
