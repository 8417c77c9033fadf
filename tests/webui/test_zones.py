"""In which time zone pages say times."""

from __future__ import annotations

import pytest

from tests.webui.conftest import Browser
from tests.webui.test_api import RUNS, call
from tests.webui.test_pages import FAILED_RUN


def _choose(person: Browser, **cookies: str) -> None:
    for name, value in cookies.items():
        person.client.set_cookie(f"dirigent_{name}", value, domain="127.0.0.1")


def test_times_are_said_by_the_clock_of_the_browser_once_it_is_known(person: Browser) -> None:
    assert "Run of today 12:05" in person.get(FAILED_RUN).text
    _choose(person, here="Asia/Tokyo")
    text = person.get(FAILED_RUN).text
    assert "Run of today 21:05" in text
    assert 'data-clock="Asia/Tokyo"' in text
    assert "JST" in text
    assert "today 21:05" in person.get("/ui/dags/orders_hourly/grid").text
    assert "today 21:05" in person.get("/ui/find?q=orders").text


@pytest.mark.parametrize(("year", "zone"), [(1, "America/New_York"), (9999, "Asia/Tokyo")])
def test_a_run_at_an_end_of_the_calendar_is_shown_in_any_zone(person: Browser, year: int, zone: str) -> None:
    at = f"{year:04}-01-01T00:00:00Z" if year == 1 else f"{year}-12-31T23:59:59Z"
    assert call(person, "POST", RUNS, {"logical_date": at}).status_code == 200
    _choose(person, here=zone)
    for page in (
        "/runs",
        "/dags",
        "/dags/orders_hourly",
        "/dags/orders_hourly/runs",
        "/ui/dags/orders_hourly/grid",
    ):
        assert person.get(page).status_code == 200, page
    given = "0001-01-01T00:00:00%2B14:00"
    assert (
        person.get(f"/dags/orders_hourly/trigger?param.day={given}&logical_date={given}").status_code == 200
    )


def test_a_part_of_a_page_is_sent_again_in_another_zone(person: Browser) -> None:
    address = "/dags/orders_hourly/runs"
    tag = person.get(address, **{"X-Fragment": "live"}).headers["ETag"]
    again = {"X-Fragment": "live", "If-None-Match": tag}
    assert person.get(address, **again).status_code == 304
    _choose(person, here="Asia/Tokyo")
    assert person.get(address, **again).status_code == 200


def test_a_reader_may_have_utc_or_the_zone_of_the_dag(person: Browser) -> None:
    _choose(person, here="Asia/Tokyo", zone="utc")
    assert "Run of today 12:05" in person.get(FAILED_RUN).text
    _choose(person, zone="dag")
    assert 'data-clock="UTC"' in person.get(FAILED_RUN).text
    assert 'data-clock="Asia/Tokyo"' in person.get("/runs").text
    assert person.get("/dags/nowhere").status_code == 404


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "x" * 100, "", "/etc/localtime"])
def test_a_zone_that_there_is_none_of_is_utc(person: Browser, name: str) -> None:
    _choose(person, here=name)
    assert 'data-clock="UTC"' in person.get("/runs").text
