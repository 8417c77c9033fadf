"""Ranges of the past: the same runs in either direction, and each where the one before it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.backfills import Range, dues, read_bound
from scheduler.wire import DagSpec, ScheduleSpec

START = datetime(2026, 3, 25, tzinfo=UTC)
SCHEDULES = [
    ScheduleSpec(kind="cron", cron="30 2 * * *"),
    ScheduleSpec(kind="cron_interval", cron="0 */7 * * *"),
    ScheduleSpec(kind="cron", cron="0 0 * * *", interval_s=86400.0),
    ScheduleSpec(kind="delta_interval", delta_s=5400.0),
    ScheduleSpec(kind="events", events=("2026-03-26T00:00:00+00:00", "2026-03-28T12:00:00+00:00")),
]


@given(st.sampled_from(SCHEDULES), st.integers(0, 120), st.integers(0, 120), st.integers(0, 200))
def test_both_directions_have_the_same_runs_and_each_goes_on_after_any_of_them(schedule, first, length, now):
    spec = DagSpec(dag_id="d", file="d.py", timezone="Europe/Berlin", schedule=schedule)
    wanted = Range(START + timedelta(hours=first), START + timedelta(hours=first + length))
    at = START + timedelta(hours=now)
    forward = list(dues(spec, wanted, at))
    back = Range(wanted.start, wanted.end, backwards=True)
    assert list(dues(spec, back, at)) == forward[::-1]
    assert all(wanted.start <= due.logical_date <= wanted.end and due.run_at <= at for due in forward)
    for place, due in enumerate(forward[:5]):
        assert list(dues(spec, wanted, at, due.logical_date)) == forward[place + 1 :]
        assert list(islice(dues(spec, back, at, due.logical_date), 1)) == forward[:place][-1:]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_a_range_may_begin_where_the_calendar_does(schedule, zone):
    spec = DagSpec(dag_id="d", file="d.py", timezone=zone, schedule=schedule)
    wanted = Range(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert len(list(islice(dues(spec, wanted, START + timedelta(days=9)), 2))) == 2


@pytest.mark.parametrize(
    ("text", "is_end", "instant"),
    [
        ("2026-07-01", False, "2026-06-30T22:00:00+00:00"),
        ("2026-07-01", True, "2026-07-01T21:59:59.999999+00:00"),
        ("2026-07-01T06:00", True, "2026-07-01T04:00:00+00:00"),
        ("2026-07-01T06:00Z", True, "2026-07-01T06:00:00+00:00"),
    ],
)
def test_an_end_without_an_offset_is_by_the_clock_of_the_dag_and_a_day_alone_is_all_of_it(
    text, is_end, instant
):
    assert read_bound(text, "Europe/Berlin", is_end=is_end).isoformat() == instant


def test_an_end_that_is_no_date_is_named():
    with pytest.raises(ValueError, match=r"'yesterday' is no date: write 2026-11-22"):
        read_bound("yesterday", "UTC")
