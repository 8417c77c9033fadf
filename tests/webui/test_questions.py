"""What tasks ask people, on the pages and in the API: a run that waits, and its answer."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store.questions import NewQuestion, count_open, put_questions, questions_of_task
from scheduler.store.tables import question, task_instance
from scheduler.wire import Question
from tests.webui import seed
from tests.webui.conftest import HERE, Browser
from tests.webui.test_actions import LIVE_RUN, LIVE_RUN_ID, find_task

TASK = "enrich.prices"
FORM = f"{LIVE_RUN}/tasks/{TASK}/required_actions"
API = f"/api/v2{LIVE_RUN.replace('/runs/', '/dagRuns/')}/taskInstances/{TASK}/-1/hitlDetails"
HOUR = timedelta(hours=1)
EVIL = "<script>alert(1)</script>"
ASKS = Question(
    subject=f"Ship {EVIL}?",
    body=f"**Now**: {EVIL} [x](javascript:alert(1)) <img src=x onerror=alert(1)>",
    options=("yes", f"no {EVIL}"),
    params={
        "rows": {"value": 5, "schema": {"type": "integer", "minimum": 1}, "description": EVIL},
        "note": {"value": "", "schema": {"type": "string"}},
    },
    method="execute_complete",
)


def _ask(db: Database, asked: Question, at: datetime = seed.NOW) -> int:
    task = find_task(db, LIVE_RUN_ID, TASK)
    ti = task_instance.c
    with db.write() as session:
        session.execute(
            sa.update(task_instance)
            .where(ti.id == task.id)
            .values(state="awaiting_input", retry_at=None, end_date=None)
        )
        run_pk, number = session.execute(sa.select(ti.run_pk, ti.try_number).where(ti.id == task.id)).one()
        put_questions(session, at, [NewQuestion(run_pk, task.id, number, asked)])
    return task.id


@pytest.fixture
def asked(db: Database) -> int:
    return _ask(db, ASKS)


def _answer_of(db: Database, ti_id: int) -> tuple[Any, ...]:
    with db.read() as session:
        row = questions_of_task(session, ti_id)[-1]
    return row.responded_by, row.chosen_options, row.params_input, row.task_state


def test_what_is_asked_stands_in_the_list_and_is_counted_on_every_page(person: Browser, db: Database) -> None:
    assert "No task waits for a person" in person.get("/required_actions").text
    assert 'title="Tasks that wait for a person"' not in person.get("/dags").text
    _ask(db, ASKS)
    text = person.get("/required_actions").text
    assert "Ship &lt;script&gt;" in text
    assert f"/tasks/{TASK}/required_actions" in text
    assert '<span class="count" title="Tasks that wait for a person">1</span>' in person.get("/dags").text


def test_the_form_shows_what_is_asked_and_no_markup_of_it(person: Browser, asked: int) -> None:
    text = person.get(FORM).text
    assert "<strong>Now</strong>" in text
    for evil in ("<script>alert", 'href="javascript', "<img src=x"):
        assert evil not in text
    assert 'name="param.rows"' in text
    assert '<button class="btn primary" type="submit" name="option" value="yes">' in text
    for page in (f"{LIVE_RUN}/tasks/{TASK}", LIVE_RUN):
        assert f'/tasks/{TASK}/required_actions">Answer…</a>' in person.get(page).text


def test_a_link_fills_the_answer_in(person: Browser, db: Database) -> None:
    _ask(db, Question(subject="?", options=tuple("abcdef"), params=ASKS.params, method="m"))
    text = person.get(f"{FORM}?_options=c&rows=8&note=so&other=1").text
    assert 'value="c" checked' in text
    assert 'value="8"' in text
    assert 'value="so"' in text


def test_an_answer_lets_the_task_go_on_and_says_who_gave_it(
    person: Browser, db: Database, asked: int
) -> None:
    answer = person.post(FORM, option="yes", **{"param.rows": "7", "param.note": "fine"})
    assert answer.status_code == 303
    who, chosen, params, state = _answer_of(db, asked)
    assert (chosen, params, state) == (["yes"], {"rows": 7, "note": "fine"}, "scheduled")
    assert who
    text = person.get(FORM).text
    assert f"<b>{who}</b> answered" in text
    assert 'name="option"' not in text
    assert f"{who} answered: yes" in person.get(f"{LIVE_RUN}/tasks/{TASK}/events").text
    assert f'<td class="sub">{who}</td>' in person.get("/required_actions").text


def test_a_second_answer_is_told_of_the_first(person: Browser, asked: int) -> None:
    filled = {"option": "yes", "param.rows": "5"}
    assert person.post(FORM, **filled).status_code == 303
    answer = person.post(FORM, **filled)
    assert answer.status_code == 409
    assert "answered already" in answer.text


def test_a_form_that_was_left_open_answers_no_other_question(
    person: Browser, db: Database, asked: int
) -> None:
    [seen] = re.findall('name="asked_at" value="([^"]+)"', person.get(FORM).text)
    with db.write() as session:
        session.execute(question.delete())
    _ask(db, Question(subject="Delete all of it?", options=("yes", "no"), method="m"), seed.NOW + HOUR)
    answer = person.post(FORM, option="yes", asked_at=seen)
    assert answer.status_code == 409
    assert "what you answered was another question" in answer.text
    assert "Delete all of it?" in answer.text
    patched = _patch(person, {"chosen_options": ["yes"], "asked_at": seed.NOW.isoformat()})
    assert (patched.status_code, "asks something else" in patched.get_json()["detail"]) == (409, True)
    assert _answer_of(db, asked)[0] is None


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        ({}, "No option was chosen"),
        ({"option": "maybe"}, "is no option"),
        ({"option": "yes", "param.rows": "many"}, "is not a whole number"),
        ({"option": "yes", "param.rows": "0"}, "cannot be 0"),
    ],
)
def test_what_is_no_answer_comes_back_with_a_sentence(
    person: Browser, db: Database, asked: int, filled: dict[str, str], words: str
) -> None:
    answer = person.post(FORM, **filled)
    assert answer.status_code == 400
    assert words in answer.text
    assert _answer_of(db, asked)[0] is None


def test_only_assigned_users_may_answer(person: Browser, db: Database) -> None:
    asked = _ask(db, Question(subject="?", options=("a",), assigned_users=({"id": "bob"},), method="m"))
    for answer in (person.post(FORM, option="a"), _patch(person, {"chosen_options": ["a"]})):
        assert answer.status_code == 403
        assert "may not answer" in answer.text
    assert _answer_of(db, asked)[0] is None


def test_another_site_can_have_nobody_answer(person: Browser, db: Database, asked: int) -> None:
    forged = person.client.post(FORM, data={"option": "yes"}, base_url=HERE)
    crossed = person.send(FORM, {"Sec-Fetch-Site": "cross-site"}, {"option": "yes"})
    patched = person.client.patch(API, json={"chosen_options": ["yes"]}, base_url=HERE)
    assert [each.status_code for each in (forged, crossed, patched)] == [403, 403, 403]
    assert _answer_of(db, asked)[0] is None


def test_a_schema_that_is_none_breaks_no_page(person: Browser, db: Database) -> None:
    params = {"a": {"schema": {"enum": 5, "type": 7}}, "b": {"schema": {"$ref": "#/nowhere"}, "value": 1}}
    _ask(db, Question(subject="?", options=("a",), params=params, method="m"))
    assert person.get(FORM).status_code == 200
    answer = person.post(FORM, option="a", **{"param.a": "1"})
    assert answer.status_code == 400
    assert "cannot be used" in answer.text


def _patch(person: Browser, body: Any) -> Any:
    headers = {"X-CSRF-Token": person.token(), "Content-Type": "application/json"}
    return person.client.patch(API, data=json.dumps(body), headers=headers, base_url=HERE)


def test_the_api_lists_shows_and_answers(person: Browser, db: Database, asked: int) -> None:
    every = "/api/v2/dags/~/dagRuns/~/hitlDetails"
    found = person.get(f"{every}?response_received=false").get_json()
    assert found["total_entries"] == 1
    [detail] = found["hitl_details"]
    assert detail["options"] == list(ASKS.options)
    assert detail["task_instance"]["task_id"] == TASK
    assert person.get(API).get_json() == detail
    answered = _patch(person, {"chosen_options": ["yes"], "params_input": {"rows": 3}}).get_json()
    assert (answered["chosen_options"], answered["params_input"]) == (["yes"], {"rows": 3, "note": ""})
    assert answered["responded_by"]["name"]
    assert _patch(person, {"chosen_options": ["yes"]}).status_code == 409
    number = detail["task_instance"]["try_number"]
    assert person.get(f"{API}/tries/{number}").get_json()["response_received"] is True
    assert person.get(f"{API}/tries/99").status_code == 404
    of_run = f"/api/v2{LIVE_RUN.replace('/runs/', '/dagRuns/')}/hitlDetails"
    assert person.get(f"{of_run}?response_received=true").get_json()["total_entries"] == 1
    assert person.get(of_run).get_json()["total_entries"] == 1
    assert person.get(f"{every}?response_received=false").get_json()["hitl_details"] == []
    assert person.get(f"{every}?response_received=perhaps").status_code == 422
    assert person.get("/api/v2/dags/orders_hourly/dagRuns/none/hitlDetails").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"chosen_options": "yes"},
        {"chosen_options": [1]},
        {"chosen_options": ["yes"], "params_input": []},
        {"chosen_options": ["yes"], "params_input": {"rows": "x"}},
        {"chosen_options": ["yes"], "params_input": {"note": "\0" * 2_000_000}},
        {"chosen_options": ["yes"], "by": "eve"},
        [],
    ],
)
def test_the_api_refuses_what_is_no_answer(person: Browser, db: Database, asked: int, body: Any) -> None:
    assert _patch(person, body).status_code in (400, 413, 422)
    with db.read() as session:
        assert count_open(session) == 1


def test_a_task_that_asks_nothing_has_no_question(person: Browser) -> None:
    for address in (FORM, API):
        answer = person.get(address)
        assert answer.status_code == 404
        assert "Only tasks that ask people have one" in answer.text
