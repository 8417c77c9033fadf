"""A person, or a program, gives a task the result that it did not make."""

from __future__ import annotations

import html
import json
import re

import pytest

from scheduler.core.ids import TaskKey
from scheduler.operations.set_result import set_result, take_result_back
from scheduler.store import Database
from scheduler.store.views import runs
from scheduler.store.xcoms import get_xcom, has_xcom
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
    fields = dict(re.findall(r'<input type="hidden" name="(take|to)" value="([^"]*)"', sheet))
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
    assert "&lt;b&gt;" in person.get(undo).text.partition("data-json>")[2]
    assert value_of(db) is None


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
