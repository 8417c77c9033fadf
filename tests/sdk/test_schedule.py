"""Schedules: every form that `schedule=` takes, and the ones it refuses."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduler import (
    DAG,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
)
from scheduler.core.cron import read_cron
from scheduler.errors import BadSchedule
from scheduler.sdk.schedule import check_cron, read_schedule
from scheduler.wire import ScheduleSpec

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "spec"),
    [
        (None, ScheduleSpec()),
        ("@once", ScheduleSpec(kind="once")),
        ("@continuous", ScheduleSpec(kind="continuous")),
        ("@daily", ScheduleSpec(kind="cron", cron="@daily")),
        ("*/5 8-18 * * mon-fri", ScheduleSpec(kind="cron", cron="*/5 8-18 * * mon-fri")),
        ("0 0 L * *", ScheduleSpec(kind="cron", cron="0 0 L * *")),
        ("0 9 * * 1#2", ScheduleSpec(kind="cron", cron="0 9 * * 1#2")),
        ("0 0 1 JAN,jul ? 30", ScheduleSpec(kind="cron", cron="0 0 1 JAN,jul ? 30")),
        (HOUR, ScheduleSpec(kind="delta", delta_s=3600.0)),
        (CronTriggerTimetable("0 6 * * *"), ScheduleSpec(kind="cron", cron="0 6 * * *")),
        (CronDataIntervalTimetable("0 6 * * *"), ScheduleSpec(kind="cron_interval", cron="0 6 * * *")),
        (DeltaTriggerTimetable(HOUR), ScheduleSpec(kind="delta", delta_s=3600.0)),
        (DeltaDataIntervalTimetable(HOUR), ScheduleSpec(kind="delta_interval", delta_s=3600.0)),
    ],
)
def test_every_form_of_schedule_has_a_plain_form(value, spec):
    assert read_schedule(value).to_spec() == spec


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("61 * * * *", "'61' is no minute"),
        ("* 24 * * *", "'24' is no hour"),
        ("* * 0 * *", "'0' is no day of month"),
        ("* * * 13 *", "'13' is no month"),
        ("* * * * funday", "'funday' is no day of week"),
        ("*/0 * * * *", r"'\*/0' is no minute"),
        ("* * * *", "has 4 fields"),
        ("hello", "has 1 fields"),
        ("@sometimes", "has 1 fields"),
        (timedelta(0), "longer than zero"),
        (timedelta(seconds=-1), "longer than zero"),
        (3600, "cannot be read"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_line(value, said):
    with pytest.raises(BadSchedule, match=rf"test_schedule\.py:\d+: .*{said}"):
        DAG("orders", schedule=value)


def test_a_timetable_may_bring_its_time_zone():
    assert (
        DAG("a", schedule=CronTriggerTimetable("0 6 * * *", timezone="Europe/Berlin")).timezone
        == "Europe/Berlin"
    )
    zone = ZoneInfo("Asia/Tokyo")
    assert DAG("b", schedule=CronDataIntervalTimetable("0 6 * * *", timezone=zone)).timezone == "Asia/Tokyo"


numbers = st.integers(0, 62).map(str)
words = st.sampled_from(["mon", "SUN", "feb", "DEC", "L", "l5", "15w", "?", "*", "x", "LW", "mon#2"])
atoms = st.one_of(numbers, words)
ranges = st.tuples(atoms, atoms).map("-".join)
steps = st.tuples(st.one_of(st.just("*"), ranges, atoms), numbers).map("/".join)
parts = st.one_of(atoms, ranges, steps, st.tuples(numbers, st.sampled_from("01256")).map("#".join))
fields = st.lists(parts, min_size=1, max_size=2).map(",".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.just("*"), fields), min_size=5, max_size=6).map(" ".join))
@example("@quarterly")
def test_what_the_author_is_not_told_to_change_the_scheduler_can_read(cron):
    if not complaint(check_cron, cron):
        read = complaint(read_cron, read_schedule(cron).to_spec().cron or "", "UTC")
        assert not read or "never fires" in read


def complaint(read, *args):
    try:
        read(*args)
    except BadSchedule as error:
        return str(error)
    return ""
