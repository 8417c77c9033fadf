"""The dashboard: what a person reads off it, of which window and which DAGs."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from scheduler.core.cost import Prices
from scheduler.core.delays import bucket_of
from scheduler.core.spans import HOUR, floor
from scheduler.store import Database, tables
from tests.webui import seed
from tests.webui.conftest import Browser, StillClock, build, sign_in
from webui import charts
from webui.windows import WINDOWS

NOW = datetime(2026, 11, 21, 14, 5, 30, tzinfo=UTC)


def words(text: str) -> str:
    """Return what stands on a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_it_says_how_the_last_day_went(person: Browser) -> None:
    said = words(person.get("/dashboard").text)
    assert "Runs 12 92 % succeeded, 1 failed" in said
    assert "median of 1, longest 1 h" in said
    assert "5 of 16" in said
    assert "enrich.prices KeyError: &#39;currency&#39; (orders.py:57 in prices)" in said
    assert "dirigent cost --by dag --since 24h" in said


@pytest.mark.parametrize("window", list(WINDOWS))
def test_each_window_shows_its_charts_with_their_values_as_tables(person: Browser, window: str) -> None:
    text = person.get(f"/dashboard?window={window}").text
    assert text.count('role="img"') == 4
    assert f'value="{window}" selected' in text


def test_values_of_charts_are_rows_of_tables(person: Browser) -> None:
    text = person.get("/dashboard").text
    rows = re.findall(r"<tr>(.*?)</tr>", text.split('id="runs-title-values"')[1].split("</table>")[0])
    assert len(rows) - 1 == 12


def test_a_filter_leaves_dags_by_name_owner_and_tag(person: Browser) -> None:
    assert "Runs 12" in words(person.get("/dashboard?owner=shop&tag=critical&q=orders").text)
    said = words(person.get("/dashboard?owner=nobody").text)
    assert "Nothing ended in the last 24 h of the DAGs that the filter leaves." in said
    assert "Runs 0 none ended" in said


def test_what_it_cost_is_summed_up_as_one_chooses(db: Database, clock: StillClock) -> None:
    prices = Prices(Decimal(3600), None, "USD")
    person = sign_in(build(db, clock, prices=prices), db, clock.now())
    by_owner = words(person.get("/dashboard?by=owner").text)
    assert re.search(r"Owner Attempts .* shop [\d,]+ ", by_owner)
    assert re.search(r"Cost [\d.]+ USD", by_owner)
    assert "2026-11-21" in words(person.get("/dashboard?by=day").text)
    assert person.get("/dashboard?by=nonsense&window=nonsense").status_code == 200


def test_an_empty_server_says_when_there_will_be_something(empty_db: Database, clock: StillClock) -> None:
    person = sign_in(build(empty_db, clock), empty_db, clock.now())
    said = words(person.get("/dashboard").text)
    assert "Nothing to measure yet" in said
    assert "No worker is alive" in said


def test_time_that_passes_within_a_step_is_no_change(person: Browser, clock: StillClock) -> None:
    tag = person.get("/dashboard", **{"X-Fragment": "live"}).headers["ETag"]
    clock.pass_time(seconds=20)
    again = person.get("/dashboard", **{"X-Fragment": "live", "If-None-Match": tag})
    assert again.status_code == 304


@pytest.mark.parametrize("name", list(WINDOWS))
def test_a_window_ends_with_the_present_step(name: str) -> None:
    window = WINDOWS[name]
    steps, span = window.steps(NOW), window.span(NOW)
    assert steps.starts[-1] <= NOW < steps.end_at
    assert (span.start_at, span.end_at) == (steps.start_at, steps.end_at)
    assert window.of_tasks(NOW).end_at > NOW
    assert span.before.end_at == span.start_at


def test_columns_are_shares_of_the_highest() -> None:
    found = charts.columns([(NOW, 3, 1), (NOW, 0, 0), (NOW, 1, 1)])
    assert [(each.good_part, each.bad_part) for each in found.items] == [(0.75, 0.25), (0, 0), (0.25, 0.25)]
    assert (found.good, found.bad, found.most) == (4, 2, 4)


def test_delays_of_a_step_reach_from_nothing_to_their_percentiles() -> None:
    start = floor(NOW, HOUR)
    starts = [start + timedelta(hours=ahead) for ahead in range(3)]
    slow = Counter({bucket_of(5): 98, bucket_of(60_000): 2})
    found = charts.reaches(starts, {starts[0]: Counter({0: 1}), starts[2]: slow})
    assert [place for place, _ in found.items] == [0, 2]
    (_, quick), (_, mixed) = found.items
    assert quick.p99_part == pytest.approx(0.1)
    assert (mixed.p99_part, mixed.count) == (1, 100)
    assert 0.1 < mixed.median_part < 0.5
    assert (found.count, found.median_s) == (101, mixed.median_s)


def test_minutes_are_put_together_into_steps() -> None:
    start = floor(NOW, HOUR)
    found = charts.by_step({start: Counter({1: 2}), start + timedelta(minutes=59): Counter({1: 1})}, HOUR)
    assert found == {start: {1: 3}}


def test_without_anything_a_chart_is_empty() -> None:
    assert charts.reaches([NOW], {}).items == ()
    assert charts.columns([]).most == 0


def test_what_is_counted_meanwhile_is_seen_at_once(person: Browser, db: Database) -> None:
    assert "Runs 12 " in words(person.get("/dashboard").text)
    with db.write() as session:
        spec = seed.ORDERS
        version = session.scalar(tables.dag.select().with_only_columns(tables.dag.c.version_id).limit(1))
        seed.add_run(session, spec, int(version or 1), NOW - timedelta(minutes=1), "failed", seed.FAILED)
    assert "Runs 12 " in words(person.get("/dashboard").text)
    with db.write() as session:
        seed.count(session)
    assert "Runs 13 " in words(person.get("/dashboard").text)


def test_the_delays_of_some_dags_are_shown_by_the_day(person: Browser) -> None:
    text = person.get("/dashboard?window=1h&owner=shop").text
    assert 'viewBox="0 0 10 70"' in text
    assert 'viewBox="0 0 600 70"' in text
