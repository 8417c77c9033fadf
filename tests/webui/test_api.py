"""The API in Airflow's shape, as far as it goes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from scheduler.core.cost import Prices
from scheduler.logs.lines import encode_line
from scheduler.store import Database
from scheduler.store.logs import put_chunks
from scheduler.store.tables import dag_run, dag_version
from scheduler.store.views import runs, tasks
from tests.webui import seed
from tests.webui.conftest import HERE, Browser, StillClock, build, sign_in
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

RUNS = "/api/v2/dags/orders_hourly/dagRuns"


def call(person: Browser, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    data = None if body is None else json.dumps(body)
    known = {"X-CSRF-Token": person.token(), "Content-Type": "application/json", **headers}
    return person.client.open(path, method=method, data=data, headers=known, base_url=HERE)


def test_dags_are_listed_page_by_page(person: Browser) -> None:
    answer = person.get("/api/v2/dags?limit=1&offset=1").get_json()
    assert answer["total_entries"] == 3
    [dag] = answer["dags"]
    assert dag["dag_id"] == "orders_hourly"
    assert [tag["name"] for tag in dag["tags"]] == ["critical", "shop"]
    assert dag["next_dagrun_run_after"] == "2026-11-21T15:04:30Z"


def test_a_dag_is_paused_by_patch(person: Browser) -> None:
    answer = call(person, "PATCH", "/api/v2/dags/orders_hourly", {"is_paused": True})
    assert answer.get_json()["is_paused"] is True
    assert person.get("/api/v2/dags/orders_hourly").get_json()["is_paused"] is True


@pytest.mark.parametrize("body", [[], {}, {"is_paused": "yes"}, {"is_paused": True, "owner": "me"}, None])
def test_a_body_that_is_not_what_is_asked_for_is_refused(person: Browser, body: object) -> None:
    answer = call(person, "PATCH", "/api/v2/dags/orders_hourly", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert person.get("/api/v2/dags/orders_hourly").get_json()["is_paused"] is False


def test_runs_of_one_dag_and_of_all(person: Browser) -> None:
    one = person.get(f"{RUNS}?state=failed").get_json()
    assert [run["dag_run_id"] for run in one["dag_runs"]] == [FAILED_RUN_ID]
    every = person.get("/api/v2/dags/~/dagRuns?limit=5").get_json()
    assert (len(every["dag_runs"]), every["total_entries"]) == (5, 13)


def test_a_run_is_triggered_once_for_one_idempotency_key(person: Browser) -> None:
    body = {"conf": {"limit": 3}, "note": "by a program"}
    first = call(person, "POST", RUNS, body, **{"Idempotency-Key": "order 7"})
    second = call(person, "POST", RUNS, body, **{"Idempotency-Key": "order 7"})
    assert first.status_code == 200
    assert first.get_json()["conf"] == {"limit": 3}
    assert first.get_json()["state"] == "queued"
    assert second.get_json()["dag_run_id"] == first.get_json()["dag_run_id"]


def test_what_a_run_was_given_is_told_without_secrets_and_these_cannot_be_searched_for(
    person: Browser,
) -> None:
    conf = {"limit": 3, "api_key": "hunter22", "db": {"password": "hunter33", "host": "h"}}
    shown = {"limit": 3, "api_key": "***", "db": {"password": "***", "host": "h"}}
    made = call(person, "POST", RUNS, {"conf": conf, "dag_run_id": "mine"}).get_json()
    found = person.get(f"{RUNS}?conf_contains=HOST").get_json()
    assert [each["conf"] for each in (made, person.get(f"{RUNS}/mine").get_json(), *found["dag_runs"])] == [
        shown,
        shown,
        shown,
    ]
    assert found["total_entries"] == 1
    for secret in ("hunter22", "hunter33", "unter3"):
        assert person.get(f"{RUNS}?conf_contains={secret}").get_json()["dag_runs"] == []
        body = {"conf_contains": secret}
        assert call(person, "POST", f"{RUNS}/list", body).get_json()["total_entries"] == 0
    last = person.get(f"{RUNS}?order_by=-conf&limit=1").get_json()["dag_runs"]
    assert [each["dag_run_id"] for each in last] == ["mine"]
    assert "hunter" not in person.get("/dags/orders_hourly/runs/mine/conf").text


@pytest.mark.parametrize("graph", ["{}", '{"wire_version": 99}'])
def test_what_a_run_was_given_is_masked_as_a_whole_where_its_version_cannot_be_read(
    person: Browser, db: Database, graph: str
) -> None:
    with db.write() as session:
        session.execute(sa.update(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID).values(conf={"limit": 3}))
        session.execute(sa.update(dag_version).values(graph=graph))
    found = person.get(f"{RUNS}?conf_contains=limit").get_json()["dag_runs"]
    assert [each["conf"] for each in found] == [{"limit": "***"}]
    text = person.get("/runs?words=limit").text
    assert text.count('id="run-') - text.count('id="run-filters"') == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"conf": {"limit": 0}}, 400),
        ({"conf": []}, 422),
        ({"logical_date": "2026-11-21T00:00:00"}, 422),
        ({"dag_run_id": "../x"}, 400),
        ({"dag_run_id": FAILED_RUN_ID}, 400),
    ],
)
def test_a_trigger_that_cannot_be_is_a_sentence(person: Browser, body: object, status: int) -> None:
    answer = call(person, "POST", RUNS, body)
    assert answer.status_code == status
    detail = answer.get_json()["detail"]
    assert detail[0]["msg"] if status == 422 else detail.endswith((".", "'"))


def test_a_run_id_that_is_taken_is_a_conflict(person: Browser) -> None:
    assert call(person, "POST", RUNS, {"dag_run_id": "mine"}).status_code == 200
    assert call(person, "POST", RUNS, {"dag_run_id": "mine"}).status_code == 409


def test_tasks_of_a_run(person: Browser) -> None:
    base = f"/api/v2{FAILED_RUN.replace('/runs/', '/dagRuns/')}/taskInstances"
    answer = person.get(base).get_json()
    assert {task["task_id"]: task["state"] for task in answer["task_instances"]} == seed.FAILED
    task = person.get(f"{base}/enrich.prices").get_json()
    assert (task["map_index"], task["duration"]) == (-1, 1.2)
    assert person.get(f"{base}/enrich.prices/logs/1").get_json()["content"] == []
    assert person.get(f"{base}/enrich.prices/logs/2").status_code == 404


def test_the_lines_of_a_log_are_chosen_by_level_source_and_logger(db: Database, person: Browser) -> None:
    with db.write() as session:
        run = runs.find_run(session, "orders_hourly", FAILED_RUN_ID)
        attempt = tasks.list_attempts(session, tasks.find_task(session, run.id, "enrich.prices").id)[-1]
        lines = [
            encode_line(seed.NOW, "info", "stdout", "printed"),
            encode_line(seed.NOW, "error", "logging", "failed", logger="shop.prices"),
        ]
        put_chunks(session, [(attempt.id, 0, b"".join(lines))])
    log = f"/api/v2{FAILED_RUN.replace('/runs/', '/dagRuns/')}/taskInstances/enrich.prices/logs/1"
    for query in ("level=error", "source=logging", "source=stderr&source=logging", "logger=shop"):
        (line,) = person.get(f"{log}?{query}").get_json()["content"]
        assert (line["event"], line["logger"]) == ("failed", "shop.prices")
    assert person.get(f"{log}?level=loud").status_code == 400
    assert person.get(f"{log}?source=nobody").status_code == 400


def test_a_limit_that_is_no_number_is_refused(person: Browser) -> None:
    for query in ("limit=-1", "limit=x", "offset=1e9", "limit=" + "9" * 30):
        assert person.get(f"/api/v2/dags?{query}").status_code == 422


def test_an_unchanged_answer_is_304(person: Browser) -> None:
    tag = person.get("/api/v2/dags").headers["ETag"]
    assert person.get("/api/v2/dags", **{"If-None-Match": tag}).status_code == 304


def test_health_and_version(person: Browser) -> None:
    found = person.get("/api/v2/monitor/health").get_json()
    assert found["workers"] == {"status": "healthy", "count": 1}
    assert found["scheduler"]["status"] == "unhealthy"
    assert person.get("/api/v2/version").get_json()["version"]


def test_import_errors(person: Browser) -> None:
    [error] = person.get("/api/v2/importErrors").get_json()["import_errors"]
    assert (error["filename"], error["lineno"]) == ("refunds_v2.py", 18)


def test_what_dags_took_and_cost(db: Database, clock: StillClock) -> None:
    prices = Prices(Decimal(36), None, "USD")
    person = sign_in(build(db, clock, prices=prices), db, clock.now())
    answer = person.get("/api/dirigent/cost?by=team&since=24h").get_json()
    assert answer["total"]["currency"] == "USD"
    assert sum(row["attempts"] for row in answer["cost"]) == answer["total"]["attempts"] > 0
    assert answer["since"] == "2026-11-20T15:00:00Z"
    assert person.get("/api/dirigent/cost?owner=nobody").get_json()["cost"] == []


@pytest.mark.parametrize(
    ("query", "status"), [("by=colour", 422), ("since=lately", 400), ("since=1d&until=2026-11-01", 400)]
)
def test_what_cannot_be_summed_up_is_told(person: Browser, query: str, status: int) -> None:
    answer = person.get(f"/api/dirigent/cost?{query}")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_run_shows_what_it_cost_where_there_is_a_price(
    person: Browser, db: Database, clock: StillClock
) -> None:
    assert "cost" not in person.get(FAILED_RUN).text
    prices = Prices(Decimal(3600), None, "USD")
    priced = sign_in(build(db, clock, prices=prices), db, clock.now())
    # Five tasks were tried, at 0.3 s each.
    assert "cost 1.50 USD" in priced.get(FAILED_RUN).text
