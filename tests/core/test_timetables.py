"""When the next run is due, for every kind of schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.timetables import Due, check_schedule, next_due
from scheduler.errors import BadSchedule
from scheduler.wire import ScheduleSpec

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
DAILY = ScheduleSpec(kind="cron", cron="0 6 * * *")
DAYS = ScheduleSpec(kind="cron_interval", cron="0 6 * * *")
HOURS = ScheduleSpec(kind="delta", delta_s=3600.0)
HOUR_INTERVALS = ScheduleSpec(kind="delta_interval", delta_s=3600.0)


def on(day, hour=6, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def at(instant):
    return Due(instant, instant, instant, instant)


def between(start, end):
    return Due(end, start, start, end)


def due(schedule, *, timezone="UTC", start=None, end=None, catchup=False, last=None, now=NOW):
    return next_due(schedule, timezone=timezone, start=start, end=end, catchup=catchup, last=last, now=now)


def test_no_schedule_is_never_due():
    assert due(ScheduleSpec()) is None


# --- Cron ---------------------------------------------------------------------------------------------------


def test_a_dag_without_a_start_begins_with_the_next_instant():
    assert due(DAILY) == at(on(22))
    assert due(DAILY, catchup=True) == at(on(22))


def test_without_catchup_only_the_newest_instant_since_the_start_is_made_up_for():
    assert due(DAILY, start=on(1)) == at(on(21))
    assert due(DAILY, last=at(on(18))) == at(on(21))
    assert due(DAILY, last=at(on(21))) == at(on(22))


def test_with_catchup_every_instant_comes_one_by_one():
    assert due(DAILY, start=on(1), catchup=True) == at(on(1))
    assert due(DAILY, start=on(1, 7), catchup=True) == at(on(2))
    assert due(DAILY, start=on(1), catchup=True, last=at(on(18))) == at(on(19))


def test_an_instant_is_due_at_that_instant():
    assert due(DAILY, start=on(1), now=on(21)) == at(on(21))
    assert due(DAILY, start=on(1), now=on(21) - timedelta(microseconds=1)) == at(on(20))


def test_a_start_in_the_future_is_waited_for():
    assert due(DAILY, start=on(25, 9)) == at(on(26))


def test_nothing_is_due_after_the_end():
    assert due(DAILY, start=on(1), end=on(21)) == at(on(21))
    assert due(DAILY, start=on(1), end=on(21) - timedelta(seconds=1)) is None
    assert due(DAILY, start=on(1), end=on(2), catchup=True, last=at(on(2))) is None


def test_a_cron_is_read_in_its_zone():
    assert due(DAILY, timezone="Asia/Tokyo") == at(on(21, 21))


# --- Cron with intervals ------------------------------------------------------------------------------------


def test_an_interval_is_due_at_its_end_and_dated_by_its_start():
    assert due(DAYS, start=on(1)) == between(on(20), on(21))
    assert due(DAYS, last=between(on(20), on(21))) == between(on(21), on(22))


def test_intervals_with_catchup_follow_each_other():
    assert due(DAYS, start=on(1, 0), catchup=True) == between(on(1), on(2))
    assert due(DAYS, start=on(1), catchup=True, last=between(on(3), on(4))) == between(on(4), on(5))


def test_without_a_start_the_first_interval_is_the_one_in_progress():
    assert due(DAYS) == between(on(21), on(22))
    assert due(DAYS, now=on(21)) == between(on(21), on(22))


def test_without_catchup_intervals_that_were_missed_are_left_out():
    assert due(DAYS, last=between(on(10), on(11))) == between(on(20), on(21))


def test_the_end_bounds_the_start_of_an_interval():
    assert due(DAYS, last=between(on(20), on(21)), end=on(21)) == between(on(21), on(22))
    assert due(DAYS, last=between(on(20), on(21)), end=on(20, 23)) is None


def test_an_interval_across_a_changed_clock_is_shorter_in_hours():
    night = ScheduleSpec(kind="cron_interval", cron="0 0 * * *")
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    found = due(night, timezone="Europe/Berlin", start=start, catchup=True)
    assert found == between(start, datetime(2026, 3, 29, 22, tzinfo=UTC))


# --- Periods ------------------------------------------------------------------------------------------------


def test_a_period_is_counted_from_the_start_which_is_the_first():
    start = on(21, 9, 10)
    assert due(HOURS, start=start, catchup=True) == at(start)
    assert due(HOURS, start=start) == at(on(21, 14, 10))
    assert due(HOURS, start=start, last=at(on(21, 14, 10))) == at(on(21, 15, 10))


def test_a_period_without_a_start_begins_with_the_full_hour():
    assert due(HOURS) == at(on(21, 15))


def test_intervals_of_a_period():
    start = on(21, 9, 10)
    assert due(HOUR_INTERVALS, start=start) == between(on(21, 13, 10), on(21, 14, 10))
    assert due(HOUR_INTERVALS, start=start, catchup=True) == between(start, on(21, 10, 10))
    assert due(HOUR_INTERVALS) == between(on(21, 14), on(21, 15))
    assert due(HOUR_INTERVALS, start=on(23)) == between(on(23), on(23, 7))


# --- Once and continuous ------------------------------------------------------------------------------------


def test_once_is_at_the_start_or_now_and_never_again():
    once = ScheduleSpec(kind="once")
    assert due(once) == at(NOW)
    assert due(once, start=on(1)) == at(on(1))
    assert due(once, start=on(1), last=at(on(1))) is None


def test_continuous_is_now_and_covers_the_time_since_the_last_run():
    forever = ScheduleSpec(kind="continuous")
    assert due(forever) == at(NOW)
    assert due(forever, start=on(30)) == at(on(30))
    assert due(forever, last=at(on(20))) == Due(NOW, NOW, on(20), NOW)
    assert due(forever, last=at(NOW)).logical_date > NOW
    assert due(forever, end=on(20)) is None


# --- Errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "timezone", "fault"),
    [
        (ScheduleSpec(kind="cron", cron="0 99 * * *"), "UTC", "'99' is no hour"),
        (ScheduleSpec(kind="cron_interval", cron=None), "UTC", "0 fields"),
        (ScheduleSpec(kind="delta", delta_s=0.0), "UTC", "0.0 seconds"),
        (ScheduleSpec(kind="delta_interval", delta_s=-5.0), "UTC", "-5.0 seconds"),
        (ScheduleSpec(kind="delta", delta_s=1e300), "UTC", "1e+300 seconds"),
        (ScheduleSpec(kind="delta", delta_s=float("nan")), "UTC", "nan seconds"),
        (ScheduleSpec(), "Europe/Berln", "'Europe/Berlin'"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_by_name(schedule, timezone, fault):
    with pytest.raises(BadSchedule) as caught:
        check_schedule(schedule, timezone=timezone)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "schedule", [DAILY, DAYS, HOURS, HOUR_INTERVALS, ScheduleSpec(kind="once"), ScheduleSpec()]
)
def test_a_schedule_that_can_be_is_taken(schedule):
    check_schedule(schedule, timezone="Australia/Lord_Howe")


# --- Laws ---------------------------------------------------------------------------------------------------

schedules = st.sampled_from(
    [DAILY, DAYS, HOURS, HOUR_INTERVALS, ScheduleSpec(kind="cron", cron="*/7 2 * * *")]
)
SPAN = (datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 - Hypothesis wants it without a zone
moments = st.datetimes(*SPAN, timezones=st.just(UTC))
maybe = st.one_of(st.none(), moments)
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"])


@given(schedules, zones, maybe, st.booleans(), moments)
def test_runs_follow_each_other_strictly_and_without_catchup_none_is_late_twice(
    schedule, zone, start, catchup, now
):
    asked = {"timezone": zone, "start": start, "catchup": catchup, "now": now}
    last = None
    for _ in range(4):
        following = due(schedule, last=last, **asked)
        assert following is not None
        assert following.interval_start <= following.interval_end <= following.run_at
        if last is not None:
            assert following.run_at > last.run_at
            assert following.logical_date > last.logical_date
            assert following.interval_start >= last.interval_end
            assert catchup or following.run_at > now
        last = following


@given(schedules, zones, moments, moments)
def test_without_catchup_nothing_that_is_due_is_newer_than_what_is_created(schedule, zone, start, now):
    found = due(schedule, timezone=zone, start=start, now=now)
    following = due(schedule, timezone=zone, start=start, now=now, last=found)
    assert following is not None
    assert following.run_at > now
