"""Input as load, and names that user code chose: each is refused or shown in words, none is an error of ours."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scheduler.store import Database, artifacts, tables
from scheduler.store.views import runs
from scheduler.wire import ParamSpec
from tests.webui import seed
from tests.webui.conftest import HERE, Browser
from tests.webui.test_api import RUNS, call
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID
from webui.api.frame.choosing import MOST_VALUES
from webui.api.frame.requests import MOST_FAULTS
from webui.security import PUBLIC_BODY

HUGE = "9" * 30


@pytest.mark.parametrize(
    "address",
    [
        f"/dags?page={HUGE}",
        f"/dags?page={2**53 - 1}",
        f"/runs?before={HUGE}",
        f"/dags/orders_hourly/runs?before={HUGE}",
        f"/dags/orders_hourly/runs?before=-{HUGE}",
        f"/ui/dags/orders_hourly/grid?runs={HUGE}",
    ],
)
def test_a_number_that_no_database_takes_is_no_error_of_ours(person: Browser, address: str) -> None:
    assert person.get(address).status_code == 200


def test_a_number_beyond_all_counting_finds_nothing_or_is_refused(person: Browser) -> None:
    for address, status in {
        f"/dags/orders_hourly/backfills/{HUGE}/cancel": 404,
        f"/api/v2/backfills/{HUGE}": 404,
        f"/api/v2/assets/events?asset_id={HUGE}": 422,
        f"/api/v2/dagSources/orders_hourly?version_number={HUGE}": 422,
        f"/api/v2/dags/~/dagRuns?dag_version=1&dag_version={HUGE}": 422,
    }.items():
        assert person.get(address).status_code == status, address
    assert person.post(f"/users/tokens/{HUGE}/revoke").status_code == 404
    assert call(person, "POST", "/api/v2/assets/events", {"asset_id": int(HUGE)}).status_code == 422


@pytest.mark.parametrize(
    "narrowed",
    ["&".join(["tags=x"] * 2000), "&".join(["owners=x"] * 2000), f"dag_id_pattern={'x|' * 2000}x"],
    ids=["tags", "owners", "pattern"],
)
def test_more_alternatives_than_a_database_takes_are_refused_in_words(person: Browser, narrowed: str) -> None:
    answer = person.get(f"/api/v2/dags?{narrowed}")
    assert answer.status_code == 400
    assert "at most 100" in answer.text


@pytest.mark.parametrize(
    ("of", "name", "value"),
    [
        ("dagRuns", "dag_ids", "d"),
        ("dagRuns", "states", "failed"),
        ("dagRuns/~/taskInstances", "state", "failed"),
    ],
)
def test_more_values_than_a_database_takes_are_refused_in_words(
    person: Browser, of: str, name: str, value: str
) -> None:
    answer = call(person, "POST", f"/api/v2/dags/~/{of}/list", {name: [value] * (MOST_VALUES + 1)})
    assert (answer.status_code, f"{name} has 5,001 values" in answer.text) == (400, True)
    answer = call(person, "POST", f"/api/v2/dags/~/{of}/list", {name: [value] * MOST_VALUES})
    assert answer.status_code == 200


def test_of_a_body_with_many_faults_the_first_are_told(person: Browser) -> None:
    answer = call(person, "POST", "/api/v2/variables", {f"k{number}": 1 for number in range(1_000)})
    assert (answer.status_code, len(answer.get_json()["detail"])) == (422, MOST_FAULTS)


@pytest.mark.parametrize("address", ["/sign-in", "/sign-in/password", "/auth/token"])
def test_what_anybody_may_send_is_short(stranger: Browser, address: str) -> None:
    long = {"username": "a" * PUBLIC_BODY}
    of = {"json": long} if address.startswith("/auth/") else {"data": long}
    assert stranger.client.post(address, base_url=HERE, **of).status_code == 413


def test_more_than_others_can_wait_for_is_not_written_at_once(person: Browser) -> None:
    many = {f"k{number}": "1" for number in range(1_001)}
    answer = person.post("/variables/import", text=json.dumps(many))
    assert (answer.status_code, "1,001 variables are too many" in answer.text) == (400, True)
    create = {"action": "create", "entities": [{"key": key, "value": "1"} for key in many]}
    answer = call(person, "PATCH", "/api/v2/variables", {"actions": [create]})
    assert (answer.status_code, "1,001 entities are too many" in answer.text) == (400, True)
    change = {"action": "delete", "entities": list(many)}
    answer = call(person, "PATCH", RUNS, {"actions": [change]})
    assert (answer.status_code, "1,001 entities are too many" in answer.text) == (400, True)


def test_an_artifact_of_a_huge_number_is_not_there(person: Browser) -> None:
    assert person.get(f"{FAILED_RUN}/artifacts/{HUGE}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"conf":' + '{"a":' * 5_000 + "1" + "}" * 5_001,
        json.dumps({"note": 5}),
        json.dumps({"note": ["x"]}),
        json.dumps({"logical_date": "9999-12-31T23:59:59-12:00"}),
        json.dumps({"logical_date": "0001-01-01T00:00:00+14:00"}),
    ],
    ids=["deep body", "deep conf", "number", "list", "after time", "before time"],
)
def test_a_body_that_cannot_be_meant_is_refused_in_words(person: Browser, body: str) -> None:
    headers = {"X-CSRF-Token": person.token(), "Content-Type": "application/json"}
    answer = person.client.post(RUNS, data=body, headers=headers, base_url=HERE)
    assert answer.status_code == 422
    assert "server's log" not in answer.text


@pytest.mark.parametrize("name", ["conf", "param.day", "param.limits"])
def test_a_form_with_json_without_end_is_refused(person: Browser, name: str) -> None:
    answer = person.post("/dags/orders_hourly/trigger", **{"conf": "[" * 100_000, name: "[" * 100_000})
    assert answer.status_code == 400


@pytest.mark.parametrize("value", ["5", "{}", "[1, [2]]", "null"])
def test_a_conf_of_other_types_than_the_fields_is_shown_again(
    person: Browser, db: Database, value: str
) -> None:
    words = ParamSpec(
        name="words", schema={"type": ["array", "null"], "items": {"type": "string"}}, default=[]
    )
    odd = ParamSpec(name="odd", schema={"type": "array", "items": True, "values_display": [1]}, default=[])
    with db.write() as session:
        seed.add_dag(session, replace(seed.ORDERS, dag_id="lists", params=(words, odd)))
    answer = person.post("/dags/lists/trigger", conf=f'{{"words": {value}, "odd": {value}}}')
    assert answer.status_code in {303, 400}


def test_half_a_character_is_escaped_in_what_is_sent_again(person: Browser) -> None:
    """A task may hand one on, and a conf hold one: forms and links of them say it in ASCII."""
    half = '"\\ud800"'
    place = f"{FAILED_RUN}/tasks/enrich.prices/result"
    assert [person.post(place, value=value).status_code for value in (half, "1")] == [303, 303]
    assert person.post(place, value=half).status_code == 303
    assert "\\ud800" in person.get(place).text
    assert person.post(place, value=f"[{{{half}: {half}}}]").status_code == 303
    entry = f"/api/v2/dags/orders_hourly/dagRuns/{FAILED_RUN_ID}/taskInstances/enrich.prices/xcomEntries/return_value"
    assert person.get(entry).get_json()["value"] == [{"?": "?"}]
    link = person.get(f"/dags/orders_hourly/trigger?conf=%7B%22a%22:{half}%7D")
    assert (link.status_code, "%5Cud800" in link.text) == (200, True)


def test_half_a_character_in_a_conf_is_shown_as_a_question_mark(person: Browser) -> None:
    answer = person.post("/dags/warehouse_sync/trigger", conf=json.dumps({"word": "half \ud800 of it"}))
    assert answer.status_code == 303
    for tab in ("", "/conf", "/events"):
        assert person.get(f"{answer.location}{tab}").status_code == 200
    assert "half ? of it" in person.get(f"{answer.location}/conf").text


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a\r\nX-Evil: 1.html", "filename=\"a__X-Evil: 1.html\"; filename*=UTF-8''a__X-Evil%3A%201.html"),
        ("Übersicht.html", "filename=\"_bersicht.html\"; filename*=UTF-8''%C3%9Cbersicht.html"),
        ("отчёт.html", "filename=\"_____.html\"; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.html"),
        ("../../x\u202elmth.html", "filename=\".._.._x_lmth.html\"; filename*=UTF-8''.._.._x_lmth.html"),
        ('"; filename=x.exe', "filename=\"_; filename=x.exe\"; filename*=UTF-8''_%3B%20filename%3Dx.exe"),
    ],
)
def test_an_artifact_is_named_safely_in_any_letters(
    person: Browser, db: Database, name: str, header: str
) -> None:
    with db.write() as session:
        run = runs.find_run(session, "orders_hourly", FAILED_RUN_ID)
        document = artifacts.Artifact(name=name, media_type="text/html", data=b"<script>alert(1)</script>")
        artifacts.put_artifact(session, seed.NOW, run_pk=run.id, task_id="load", path="", document=document)
        newest = artifacts.list_artifacts(session, run.id)[0]
    answer = person.get(f"{FAILED_RUN}/artifacts/{newest.id}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"inline; {header}"
    assert "X-Evil" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_a_name_that_turns_the_reading_direction_is_shown_as_such_and_sent_back_as_it_is(
    person: Browser, db: Database
) -> None:
    name = "x\u202egnp\u2066"
    with db.write() as session:
        seed.add_dag(session, replace(seed.ORDERS, dag_id="turned", description=name, tags=(name,)))
        session.execute(tables.dag_run.update().values(reason=name))
    page = person.get("/dags/turned").text
    assert "x\ufffdgnp\ufffd" in page
    assert r'data-turns="[\u202a-\u202e\u2066-\u2069]"' in page  # for what the browser draws
    assert f">{name}" not in page
    assert "\u202e" not in person.get("/runs?state=failed").text
    person.post("/variables/form", key="turned", value=name, is_new="true")
    assert f">{name}</textarea>" in person.get("/variables/form?key=turned").text


def test_the_panel_beside_the_grid_leads_to_it_when_opened_alone(person: Browser) -> None:
    answer = person.get("/ui/dags/orders_hourly/panel")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dags/orders_hourly")
    assert person.get("/ui/dags/orders_hourly/panel", **{"X-Fragment": "live"}).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/dags/a%00b",
        "/dags?q=%00",
        "/runs?state=x%00",
        "/ui/find?q=%00",
        "/api/v2/dags?%00=1",
        "/sign-in?token=%00",
    ],
)
def test_a_nul_character_is_refused_before_any_database_is_asked(person: Browser, address: str) -> None:
    assert person.get(address).status_code == 400


@pytest.mark.parametrize("body", [{"note": "a\0b"}, {"conf": {"word": "half \ud800 of it"}}])
def test_characters_that_no_database_keeps_are_refused_in_what_is_written(
    person: Browser, body: dict[str, object]
) -> None:
    assert person.post("/dags/orders_hourly/trigger", key="\0").status_code == 400
    answer = call(person, "POST", RUNS, body)
    assert answer.status_code == 422
    assert "leave it out" in answer.text
