"""The trigger form: filled from a link or an earlier run, with a date, an id and a note of its own."""

from __future__ import annotations

import html
import io
import json
import re
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from werkzeug.datastructures import FileStorage

from scheduler.store import Database
from scheduler.wire import ParamSpec
from tests.webui import seed
from tests.webui.conftest import HERE, Browser
from tests.webui.test_actions import FILLED, count_runs, form_of, newest_run
from webui.uploads import LARGEST, as_data_url

FORM = "/dags/orders_hourly/trigger"


def test_a_link_fills_the_form_and_starts_nothing(db: Database, person: Browser) -> None:
    before = count_runs(db)
    text = person.get(f"{FORM}?conf={quote(json.dumps({'limit': 7, 'more': 1}))}&param.day=2026-01-02").text
    assert 'value="7"' in text
    assert 'value="2026-01-02"' in text
    assert "more" in html.unescape(text.partition("data-conf>")[2].partition("</textarea>")[0])
    assert count_runs(db) == before


@pytest.mark.parametrize(
    "query", ["conf={", "conf=[1]", "param.limit=many", "conf=%7B%22limit%22:%22x%22%7D"]
)
def test_a_link_that_cannot_be_meant_shows_the_form_and_what_is_wrong(person: Browser, query: str) -> None:
    answer = person.get(f"{FORM}?{query}")
    assert answer.status_code == 200
    assert re.search(r'role="alert"[^>]*>[^<]+', answer.text)


def test_the_link_of_a_form_says_what_was_filled_in(person: Browser) -> None:
    text = person.get(f"{FORM}?param.limit=7").text
    link = html.unescape(re.findall(r'href="([^"]+)" data-share', text)[0])
    assert 'value="7"' in person.get(link).text


def test_the_conf_of_the_last_run_by_hand_is_offered(db: Database, person: Browser) -> None:
    person.post(FORM, **FILLED)
    offered = html.unescape(re.findall(r'href="([^"]+)">As last time', person.get(FORM).text)[0])
    assert 'value="2026-11-20"' in person.get(offered).text


def test_no_secret_is_taken_over_or_shown_in_a_link(db: Database, person: Browser) -> None:
    secret = ParamSpec(name="api_token", schema={"type": "string"}, default="")
    with db.write() as session:
        seed.add_dag(session, replace(seed.ORDERS, dag_id="secretive", params=(secret,)))
    given = '{"day": 1, "login": [{"who": "ada", "password": "hunter2"}], "place": {"city": "Ulm"}}'
    answer = person.post("/dags/secretive/trigger", **{"param.api_token": "hunter2", "conf": given})
    run_id = quote(unquote(answer.headers["Location"].rpartition("/")[2]))
    text = person.get(f"/dags/secretive/trigger?like={run_id}").text
    assert "hunter2" not in text
    assert all(word in text.partition("data-conf>")[2] for word in ("day", "Ulm"))
    assert "ada" not in text  # half of a value would be another one
    assert "hunter2" not in person.get(f"/dags/secretive/runs/{run_id}/conf").text
    wrong = person.post("/dags/secretive/trigger", **{"param.api_token": "hunter2", "run_id": "/"}).text
    assert "hunter2" not in wrong.partition("data-conf>")[2]


def test_a_run_may_have_a_date_an_id_and_a_note(db: Database, person: Browser) -> None:
    answer = person.post(FORM, run_id="mine", logical_date="2026-11-01T06:00", note="**for ada**")
    assert answer.headers["Location"].endswith("/runs/mine")
    run = newest_run(db)
    assert (run.run_id, run.note, str(run.logical_date)) == (
        "mine",
        "**for ada**",
        "2026-11-01 06:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_id", "../x"),
        ("run_id", "scheduled__2026-11-21T00:00:00+00:00"),
        ("logical_date", "soon"),
        ("note", "n" * 20_000),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    db: Database, person: Browser, field: str, value: str
) -> None:
    before = count_runs(db)
    answer = person.post(FORM, **{**FILLED, "note": "kept", field: value})
    assert answer.status_code == 400
    assert re.search(rf'id="own-{field}-wrong" role="alert">[^<]+', answer.text)
    assert 'value="2026-11-20"' in answer.text
    assert count_runs(db) == before


def test_an_id_that_is_taken_is_told_beside_it(person: Browser) -> None:
    person.post(FORM, run_id="mine")
    assert re.search(r'id="own-run_id-wrong"[^>]*>[^<]*mine', person.post(FORM, run_id="mine").text)


def test_who_comes_back_and_changes_the_form_triggers_another_run(db: Database, person: Browser) -> None:
    key, before = form_of(person.get(FORM).text)["key"], count_runs(db)
    person.post(FORM, key=key, **FILLED)
    person.post(FORM, key=key, **{**FILLED, "param.limit": "6"})
    again = person.post(FORM, key=key, **FILLED)
    assert count_runs(db) == before + 2
    assert "had been triggered by this form" in person.get(again.headers["Location"]).text


def test_a_file_becomes_a_data_url(db: Database, person: Browser) -> None:
    file = ParamSpec(name="days", schema={"type": ["string", "null"], "format": "data-url"})
    with db.write() as session:
        seed.add_dag(session, replace(seed.ORDERS, dag_id="filed", params=(file,)))

    def send(data: bytes, **more: str) -> int:
        form = {"csrf_token": person.token(), "param.days": (io.BytesIO(data), "d ü.csv", "text/csv"), **more}
        answer = person.client.post("/dags/filed/trigger", data=form, base_url=HERE)
        said.append(answer.text if answer.status_code == 400 else answer.headers["Location"])
        return answer.status_code

    said: list[str] = []
    assert send(b"a,b", run_id="/") == 400
    assert "d ü.csv is kept" in said[-1]
    assert send(b"a,b") == 303
    assert "data:text/csv;name=d%20%C3%BC.csv;base64,YSxi" in person.get(f"{said[-1]}/conf").text


def test_choices_keep_a_value_that_is_none_of_them(person: Browser) -> None:
    text = person.get(f"{FORM}?param.carrier=ZZ").text
    assert '<option value="ZZ" selected>' in text


def test_a_file_is_bounded() -> None:
    with pytest.raises(ValueError, match=r"days.csv is larger than 700 kB"):
        as_data_url(FileStorage(io.BytesIO(b"x" * (LARGEST + 1)), "days.csv"))
