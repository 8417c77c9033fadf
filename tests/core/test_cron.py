"""Cron expressions in time zones: gaps, folds, laws over all zones, and errors that say what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.cron import Cron, read_cron, read_zone
from scheduler.errors import BadSchedule


def next_fire(cron: Cron, instant: datetime) -> datetime:
    found = cron.next_after(instant)
    assert found is not None
    return found


def last_fire(cron: Cron, instant: datetime) -> datetime:
    found = cron.last_before(instant)
    assert found is not None
    return found


def fires(expression, zone, after, count):
    cron = read_cron(expression, zone)
    instant = datetime.fromisoformat(after).astimezone(UTC)
    found = []
    for _ in range(count):
        instant = next_fire(cron, instant)
        found.append(instant.astimezone(cron.zone).isoformat())
    return found


BERLIN = "Europe/Berlin"  # 2026: forward on 29 March at 02:00, back on 25 October at 03:00
LORD_HOWE = (
    "Australia/Lord_Howe"  # 2026: back by half an hour on 5 April at 02:00, forward on 4 October at 02:00
)


def test_a_time_in_a_gap_fires_just_after_the_gap():
    assert fires("30 2 * * *", BERLIN, "2026-03-28T00:00+01:00", 3) == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_all_times_of_one_gap_fire_as_one():
    assert fires("0,20,40 2,3 * * *", BERLIN, "2026-03-29T00:00+01:00", 3) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-29T03:20:00+02:00",
        "2026-03-29T03:40:00+02:00",
    ]


def test_a_time_that_comes_twice_fires_at_its_first_coming():
    assert fires("30 2 * * *", BERLIN, "2026-10-24T12:00+02:00", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_a_start_between_both_comings_waits_for_the_next_day():
    assert fires("30 2 * * *", BERLIN, "2026-10-25T02:45+02:00", 1) == ["2026-10-26T02:30:00+01:00"]
    assert fires("30 2 * * *", BERLIN, "2026-10-25T02:15+01:00", 1) == ["2026-10-26T02:30:00+01:00"]


def test_every_thirty_minutes_goes_on_through_a_fold():
    assert fires("*/30 * * * *", BERLIN, "2026-10-25T01:45+02:00", 6) == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:00:00+01:00",
        "2026-10-25T03:30:00+01:00",
    ]


def test_every_thirty_minutes_goes_on_through_a_gap():
    assert fires("*/30 * * * *", BERLIN, "2026-03-29T01:15+01:00", 3) == [
        "2026-03-29T01:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-29T03:30:00+02:00",
    ]


def test_a_fold_of_half_an_hour_repeats_half_an_hour():
    assert fires("*/15 * * * *", LORD_HOWE, "2026-04-05T01:20+11:00", 5) == [
        "2026-04-05T01:30:00+11:00",
        "2026-04-05T01:45:00+11:00",
        "2026-04-05T01:30:00+10:30",
        "2026-04-05T01:45:00+10:30",
        "2026-04-05T02:00:00+10:30",
    ]


def test_a_gap_of_half_an_hour_ends_at_half_past():
    assert fires("15 2 * * *", LORD_HOWE, "2026-10-03T12:00+10:30", 2) == [
        "2026-10-04T02:30:00+11:00",
        "2026-10-05T02:15:00+11:00",
    ]


def test_a_day_that_a_zone_left_out_fires_when_the_next_one_begins():
    assert fires("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00+00:00", 1) == ["2011-12-31T00:00:00+14:00"]


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("@daily", "2026-11-22T00:00:00+00:00"),
        ("@hourly", "2026-11-21T15:00:00+00:00"),
        ("@weekly", "2026-11-22T00:00:00+00:00"),
        ("@monthly", "2026-12-01T00:00:00+00:00"),
        ("@yearly", "2027-01-01T00:00:00+00:00"),
        ("*/10 * * * * 30", "2026-11-21T14:40:30+00:00"),
        ("0 0 L * *", "2026-11-30T00:00:00+00:00"),
        ("0 9 * * mon#1", "2026-12-07T09:00:00+00:00"),
        ("0 9 * * L5", "2026-11-27T09:00:00+00:00"),
        (" 0  12 * * MON-FRI ", "2026-11-23T12:00:00+00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00+00:00"),
    ],
)
def test_the_forms_of_croniter_are_read(expression, first):
    assert fires(expression, "UTC", "2026-11-21T14:30:30+00:00", 1) == [first]


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("61 * * * *", "'61' is no minute (0-59)"),
        ("0 25 * * *", "'25' is no hour (0-23)"),
        ("0 0 32 * *", "'32' is no day of month"),
        ("0 0 * foo *", "'foo' is no month"),
        ("0 0 * * 9", "'9' is no day of week"),
        ("0 0 * * 1 99", "'99' is no second"),
        ("*/0 * * * *", "'*/0' is no minute"),
        ("R 0 * * *", "'R' is no minute"),
        ("* * * *", "it has 4 fields"),
        ("", "it has 0 fields"),
        ("every day", "it has 2 fields"),
        ("@reboot", "@hourly, @daily"),
        ("0 0 30 2 *", "never fires"),
    ],
)
def test_a_wrong_expression_is_named_with_what_is_wrong(expression, fault):
    with pytest.raises(BadSchedule) as caught:
        read_cron(expression, "UTC")
    assert repr(expression) in str(caught.value)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berln", "'Europe/Berlin'"),
        ("Nowhere/Land!", "IANA name"),
        ("../etc/passwd", "zone"),
        ("", ""),
    ],
)
def test_an_unknown_zone_is_named_with_a_near_one(name, hint):
    with pytest.raises(BadSchedule) as caught:
        read_zone(name)
    assert repr(name) in str(caught.value)
    assert hint in str(caught.value)


ZONES = sorted(available_timezones() - {"localtime", "Factory"})
SPAN = (datetime(1995, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - Hypothesis wants it without a zone
zones = st.sampled_from(ZONES)
instants = st.datetimes(*SPAN, timezones=st.just(UTC))
expressions = st.sampled_from(
    [
        "* * * * *",
        "*/5 * * * *",
        "7,37 * * * *",
        "0 * * * *",
        "30 2 * * *",
        "*/20 0-4 * * *",
        "0 */2 * * *",
        "59 23 * * *",
        "0 0 * * mon",
        "15 1 1 * *",
        "0 0 13 * fri",
        "0 3 * mar,oct sun",
        "*/10 2 * * * */30",
    ]
)


def is_plain(zone, first, last):
    """Tell whether the zone keeps one offset from a day before the one to a day after the other."""
    day = timedelta(days=1)
    steps = range((last - first) // timedelta(hours=6) + 9)
    return len({(first - day + at * timedelta(hours=6)).astimezone(zone).utcoffset() for at in steps}) == 1


@given(expressions, zones, instants)
def test_the_next_fire_is_later_and_the_last_one_earlier(expression, zone, instant):
    cron = read_cron(expression, zone)
    after, before = next_fire(cron, instant), last_fire(cron, instant)
    assert before < instant < after or cron.last_before(instant + timedelta(microseconds=1)) == instant
    assert next_fire(cron, before) >= instant
    assert last_fire(cron, after) <= instant
    assert cron.last_before(after + timedelta(microseconds=1)) == after


@given(expressions, zones, instants, instants)
def test_a_later_question_never_has_an_earlier_answer(expression, zone, one, other):
    cron = read_cron(expression, zone)
    early, late = sorted([one, other])
    assert next_fire(cron, early) <= next_fire(cron, late)


@given(expressions.filter(lambda each: len(each.split()) == 5), zones, instants)
def test_away_from_changes_of_the_clock_another_implementation_agrees(expression, zone, instant):
    cron = read_cron(expression, zone)
    fire = next_fire(cron, instant)
    if is_plain(cron.zone, instant, fire):
        wall = instant.astimezone(cron.zone).replace(tzinfo=None)
        assert fire.astimezone(cron.zone).replace(tzinfo=None) == next(CronSim(expression, wall))


changes = st.builds(
    lambda year, month, day, minute: datetime(year, month, day, tzinfo=UTC) + timedelta(minutes=minute),
    st.integers(1995, 2036),
    st.sampled_from([3, 4, 9, 10, 11]),
    st.integers(1, 30),
    st.integers(0, 24 * 60),
)


@given(st.sampled_from(["*/5 * * * *", "*/15 * * * *"]), zones, changes)
def test_every_few_minutes_means_every_few_minutes_across_any_change(expression, zone, instant):
    cron = read_cron(expression, zone)
    fire = next_fire(cron, instant)
    assert timedelta(0) < fire - instant <= timedelta(minutes=15)


@given(zones.filter(lambda zone: zone not in ("Pacific/Apia", "Pacific/Kwajalein")), changes)
def test_a_daily_time_fires_once_a_day_across_any_change(zone, instant):
    cron = read_cron("30 2 * * *", zone)
    fire = next_fire(cron, instant)
    days = []
    for _ in range(4):
        days.append(fire.astimezone(cron.zone).date())
        fire = next_fire(cron, fire)
    assert [later - earlier for earlier, later in pairwise(days)] == [timedelta(days=1)] * 3


def test_zones_are_shared_objects():
    assert read_zone("Europe/Paris") is ZoneInfo("Europe/Paris")
