"""Backfills on their page and by the API: looked at, begun, held back, resumed, cancelled."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from scheduler.store import Database
from scheduler.store.tables import dag_run
from tests.webui.conftest import HERE, Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

PAGE = "/dags/orders_hourly/backfills"
FORM = {"from": "2026-11-20T00:00", "to": "2026-11-20T05:30", "max": "2", "reprocess": "none"}
BODY = {"dag_id": "orders_hourly", "from_date": "2026-11-20T00:00:00Z", "to_date": "2026-11-20T05:30:00Z"}


def ask(person: Browser, method: str, path: str, **body: Any) -> TestResponse:
    headers = {"X-CSRF-Token": person.token()}
    address = f"/api/v2/backfills{path}"
    return person.client.open(address, method=method, json=body or None, headers=headers, base_url=HERE)


def test_the_form_says_what_would_run_and_begins_it(person: Browser) -> None:
    query = "&".join(f"{name}={value}" for name, value in FORM.items())
    preview = person.get(f"{PAGE}/new?{query}").text
    assert "6 new runs" in preview
    assert "dirigent backfills create orders_hourly --from 2026-11-20T00:00" in preview
    assert person.post(f"{PAGE}/new", **FORM).headers["Location"] == PAGE
    shown = person.get(PAGE).text
    assert "0 of 6" in shown
    assert "at most 2 at once" in shown


def test_a_form_with_a_fault_says_so_and_keeps_what_was_typed(person: Browser) -> None:
    answer = person.post(f"{PAGE}/new", **FORM | {"max": "0", "conf": '{"a": 1}'})
    assert answer.status_code == 400
    assert "max_active_runs=0 is not from 1 to 1,000" in answer.text
    assert "{&#34;a&#34;: 1}" in answer.text


def test_it_is_paused_resumed_and_cancelled_on_the_page(person: Browser) -> None:
    person.post(f"{PAGE}/new", **FORM | {"conf": '{"limit": 3, "api_key": "hunter22"}'})
    told = person.get("/api/v2/backfills?dag_id=orders_hourly").get_json()["backfills"]
    assert [each["dag_run_conf"] for each in told] == [{"limit": 3, "api_key": "***"}]
    person.post(f"{PAGE}/1/pause", is_paused="true")
    assert "Resume" in person.get(PAGE).text
    person.post(f"{PAGE}/1/pause", is_paused="false")
    assert "Cancel backfill 1" in person.get(f"{PAGE}/1/cancel").text
    person.post(f"{PAGE}/1/cancel")
    assert "cancelled" in person.get(PAGE).text
    assert person.post(f"{PAGE}/1/cancel").status_code == 409
    assert person.get("/dags/parcels/backfills/1/cancel").status_code == 404


def test_every_page_of_the_dag_tells_of_it_while_it_goes_on(db: Database, person: Browser) -> None:
    assert "backfill-banner" not in person.get("/dags/orders_hourly").text
    person.post(f"{PAGE}/new", **FORM)
    shown = person.get("/dags/orders_hourly/graph").text
    assert "0 of 6" in shown.partition("backfill-banner")[2]
    assert "yesterday 00:00" in shown.partition("backfill-banner")[2]
    back = person.post(f"{PAGE}/1/pause", is_paused="true", next="/dags/orders_hourly/graph")
    assert back.headers["Location"] == "/dags/orders_hourly/graph"
    assert "Resume" in person.get("/dags/orders_hourly").text
    away = person.post(f"{PAGE}/1/pause", is_paused="false", next="//elsewhere.example")
    assert "elsewhere" not in away.headers["Location"]
    person.post(f"{PAGE}/1/cancel")
    assert "backfill-banner" not in person.get("/dags/orders_hourly").text


def test_a_run_of_it_leads_to_it(db: Database, person: Browser) -> None:
    person.post(f"{PAGE}/new", **FORM)
    with db.write() as session:
        session.execute(sa.update(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID).values(backfill_id=1))
    assert f'href="{PAGE}#backfill-1"' in person.get(FAILED_RUN).text


def test_the_api_has_airflows_shape(person: Browser) -> None:
    tried = ask(person, "POST", "/dry_run", **BODY).json
    assert tried is not None
    assert tried["total_entries"] == 6
    assert set(tried["backfills"][0]) == {"logical_date", "partition_key", "partition_date"}
    made = ask(person, "POST", "", **BODY, dag_run_conf={"a": 1}, run_backwards=True).json
    assert made is not None
    assert made["max_active_runs"] == 10
    assert made["reprocess_behavior"] == "none"
    assert made["dag_run_conf"] == {"a": 1}
    assert ask(person, "POST", "", **BODY).status_code == 409
    for verb, is_paused in (("pause", True), ("unpause", False)):
        answer = ask(person, "PUT", f"/{made['id']}/{verb}").json
        assert answer is not None
        assert answer["is_paused"] is is_paused
    ended = ask(person, "PUT", f"/{made['id']}/cancel").json
    assert ended is not None
    assert ended["completed_at"]
    listed = ask(person, "GET", "?dag_id=orders_hourly").json
    assert listed == {"backfills": [ended], "total_entries": 1}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"dag_run_conf": []}, "dag_run_conf"),
        ({"run_backwards": "yes"}, "run_backwards"),
        ({"max_active_runs": 0}, "max_active_runs=0 is not from 1"),
        ({"reprocess_behavior": "all"}, "reprocess_behavior"),
        ({"from_date": "soon"}, "from_date"),
        ({"to_date": "2024-01-01T00:00:00Z"}, "ends before it begins"),
    ],
)
def test_a_field_that_cannot_be_is_named(person: Browser, fields: dict[str, Any], fault: str) -> None:
    answer = ask(person, "POST", "", **BODY | fields)
    assert answer.status_code in {400, 422}
    assert fault in answer.text


def test_a_backfill_under_way_stands_on_the_first_page_until_it_ends(person: Browser) -> None:
    assert "Backfills under way" not in person.get("/").text
    person.post(f"{PAGE}/new", **FORM)
    assert "0 of 6" in person.get("/").text.partition("Backfills under way")[2]
    person.post(f"{PAGE}/1/cancel")
    assert "Backfills under way" not in person.get("/").text
