"""The frame of the API: what is refused, how a refusal reads, tags, the document."""

from __future__ import annotations

import json

import pytest

from tests.webui.conftest import HERE, Browser
from tests.webui.test_api import call

DAGS = "/api/v2/dags"


def test_a_request_that_does_not_fit_is_a_problem_that_names_place_and_remedy(person: Browser) -> None:
    for address, place, words in [
        ("?limit=x", "limit", "not 'x'"),
        ("?colour=red", "colour", "known are: "),
        ("?limit=1&limit=2", "limit", "more than once"),
        ("?order_by=colour", "order_by", "dag_display_name"),
        ("?dag_run_start_date_gte=2026-11-21T00:00:00", "dag_run_start_date_gte", "timezone"),
        ("/orders_hourly?limit=1", "limit", "takes no parameters"),
    ]:
        answer = person.get(DAGS + address)
        assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), address
        [fault] = answer.get_json()["detail"]
        assert fault["loc"][:2] == ["query", place]
        assert words in fault["msg"]


def test_what_is_not_there_is_a_problem_with_a_sentence(person: Browser) -> None:
    answer = person.get(f"{DAGS}/nobody")
    found = answer.get_json()
    assert (answer.status_code, found["status"], found["title"]) == (404, 404, "Not Found")
    assert "nobody" in found["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "is no JSON"),
        (b'{"is_paused": NaN}', "NaN"),
        (b'{"is_paused": ' + b"[" * 65 + b"]" * 65 + b"}", "nested more than 64 deep"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"is_paused": "\\u0000"}', "NUL"),
        (b'{"\\ud800": true}', "surrogate"),
        (b'{"is_paused": "true"}', "boolean"),
    ],
)
def test_a_body_that_nobody_can_keep_is_refused(person: Browser, body: bytes, words: str) -> None:
    headers = {"X-CSRF-Token": person.token(), "Content-Type": "application/json"}
    answer = person.client.patch(f"{DAGS}/orders_hourly", data=body, headers=headers, base_url=HERE)
    assert answer.status_code == 422
    assert words in answer.get_json()["detail"][0]["msg"]


def test_an_answer_has_a_tag_that_changes_with_it(person: Browser) -> None:
    first = person.get(f"{DAGS}/orders_hourly").headers["ETag"]
    assert person.get(f"{DAGS}/orders_hourly", **{"If-None-Match": first}).status_code == 304
    call(person, "PATCH", f"{DAGS}/orders_hourly", {"is_paused": True})
    assert person.get(f"{DAGS}/orders_hourly", **{"If-None-Match": first}).status_code == 200


def test_of_two_who_change_what_both_have_read_the_second_is_told(person: Browser) -> None:
    address = f"{DAGS}/orders_hourly"
    seen = {"If-Match": person.get(address).headers["ETag"]}
    assert call(person, "PATCH", address, {"is_paused": True}, **seen).status_code == 200
    second = call(person, "PATCH", address, {"is_paused": False}, **seen)
    assert (second.status_code, second.get_json()["title"]) == (412, "Precondition Failed")
    assert person.get(address).get_json()["is_paused"] is True
    impossible = call(person, "PATCH", f"{address}/dagRuns/x/taskInstances/y/dry_run", {}, **seen)
    assert "If-Match is not possible here" in impossible.get_json()["detail"]


@pytest.mark.parametrize("name", ["/orders_hourly", "/orders_hourly/dagRuns/{run_id}"])
def test_what_was_changed_meanwhile_is_not_deleted(person: Browser, name: str) -> None:
    found = person.get(f"{DAGS}/orders_hourly/dagRuns?limit=1&state=success").get_json()
    address = DAGS + name.format(run_id=found["dag_runs"][0]["dag_run_id"])
    refused = call(person, "DELETE", address, **{"If-Match": '"of yesterday"'})
    assert (refused.status_code, person.get(address).status_code) == (412, 200)


def test_the_document_names_every_operation_once_and_every_shape_that_it_refers_to(person: Browser) -> None:
    text = person.get("/openapi.json").text
    found = json.loads(text)
    assert found["openapi"] == "3.1.0"
    ids = [each["operationId"] for methods in found["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))
    every = [each for methods in found["paths"].values() for each in methods.values()]
    public = {each["operationId"] for each in every if each.get("security") == []}
    assert public == {"create_token", "create_token_cli"}
    wanted = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert wanted <= set(found["components"]["schemas"])


def test_the_document_is_shown_to_people_too(person: Browser, stranger: Browser) -> None:
    page = person.get("/docs")
    assert page.status_code == 200
    assert all(words in page.text for words in ("get_dags", "tags_match_mode", "shape-DagPatch"))
    assert stranger.get("/docs").status_code == 302


def test_a_text_that_is_longer_than_the_database_compares_is_refused(person: Browser) -> None:
    answer = person.get(f"{DAGS}?dag_id_pattern={'a' * 60_000}")
    assert (answer.status_code, "too long for the database" in answer.get_json()["detail"]) == (400, True)
    assert person.get(f"/dags?q={'a' * 60_000}").status_code in {200, 400}
