"""How fresh an asset is, by what its file promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import FreshnessPolicy
from scheduler.core.freshness import check_policy, in_words, judge
from scheduler.errors import BadDag

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = FreshnessPolicy.time_window(timedelta(hours=24), warn_window=timedelta(hours=12)).to_data()
DAILY = FreshnessPolicy.cron("0 9 * * *", timedelta(hours=3), timezone="Europe/Berlin").to_data()


@pytest.mark.parametrize(
    ("policy", "changed_at", "state"),
    [
        (WINDOW, None, "unknown"),
        (WINDOW, NOW, "fresh"),
        (WINDOW, NOW - timedelta(hours=13), "late"),
        (WINDOW, NOW - timedelta(hours=25), "stale"),
        (FreshnessPolicy.time_window(60).to_data(), NOW - timedelta(seconds=59), "fresh"),
        # Nine in Berlin is eight in UTC.
        (DAILY, datetime(2026, 3, 1, 5, tzinfo=UTC), "fresh"),
        (DAILY, datetime(2026, 3, 1, 4, 59, tzinfo=UTC), "stale"),
        (DAILY, None, "unknown"),
    ],
)
def test_an_asset_is(policy, changed_at, state):
    assert judge(policy, changed_at, NOW) == state


@given(st.timedeltas(timedelta(0), timedelta(days=9)), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_later_change_is_never_less_fresh(one, other):
    order = ["fresh", "late", "stale"]
    newer, older = sorted([one, other])
    for policy in (WINDOW, DAILY):
        assert order.index(judge(policy, NOW - newer, NOW)) <= order.index(judge(policy, NOW - older, NOW))


def test_people_read_what_is_promised():
    assert in_words(WINDOW) == "no older than 1 d, warned of after 12 h"
    assert in_words(DAILY) == "changed within 3 h before each instant of 0 9 * * * (Europe/Berlin)"


@pytest.mark.parametrize(
    "make",
    [
        lambda: FreshnessPolicy.time_window(0),
        lambda: FreshnessPolicy.time_window(60, warn_window=60),
        lambda: FreshnessPolicy.cron("every day", 60),
        lambda: check_policy("It", {"cron": "0 9 * * *"}),
        lambda: check_policy("It", {}),
        lambda: check_policy("It", {"fail_s": 1e300}),
        lambda: check_policy("It", {"fail_s": "x"}),
        lambda: check_policy("It", {"cron": 5, "timezone": "UTC", "within_s": 1}),
    ],
)
def test_what_cannot_be_promised_is_refused(make):
    with pytest.raises(BadDag):
        make()
