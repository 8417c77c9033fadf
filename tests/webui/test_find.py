"""What the palette finds."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from flask import Flask

from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock
from tests.webui.test_accounts import add, enter
from tests.webui.test_pages import FAILED_RUN


def _titles(person: Browser, text: str, dag: str = "") -> list[str]:
    answer = person.client.get(
        "/ui/find", query_string={"q": text, "dag": dag}, base_url="http://127.0.0.1:8080"
    )
    return [each["title"] for each in answer.get_json()["found"]]


def test_a_task_is_found_by_its_name_and_leads_to_the_newest_run_that_has_it(person: Browser) -> None:
    found = person.get("/ui/find?q=PRICES").get_json()["found"]
    assert [(each["title"], each["sub"]) for each in found] == [("enrich.prices", "task of orders_hourly")]
    assert person.get(found[0]["href"]).status_code == 200


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("orders", "orders_hourly"),
        ("trigger ord", "Trigger orders_hourly…"),
        ("pause", "Pause orders_hourly…"),
        ("activate", "Activate warehouse_sync…"),
        ("rerun failed", "Rerun the last failed run of orders_hourly…"),
        ("log failure orders", "Log of the last failure of orders_hourly"),
    ],
)
def test_an_action_is_found_by_its_words_and_those_of_a_dag(person: Browser, text: str, first: str) -> None:
    dag = "orders_hourly" if text != "activate" else ""
    assert _titles(person, text, dag)[0] == first


def test_the_last_failure_is_one_key_away(person: Browser) -> None:
    found = person.get("/ui/find?q=last failure").get_json()["found"]
    assert found[0]["sub"] == "enrich.prices"
    assert "KeyError" in person.get(found[0]["href"]).text
    assert found[0]["href"].startswith(unquote(FAILED_RUN))


def test_nobody_is_offered_what_they_may_not_do_or_see(app: Flask, db: Database, clock: StillClock) -> None:
    add(db, clock, "eve", "Viewer@dag:warehouse_sync")
    eve, _ = enter(app, "eve")
    assert _titles(eve, "pause", "orders_hourly") == []
    assert _titles(eve, "prices") == []
    assert _titles(eve, "trigger warehouse") == []
    assert "Log of the last failure of orders_hourly" not in _titles(eve, "log failure")
