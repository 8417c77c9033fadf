"""Schedules: every form that `schedule=` takes, and the ones it refuses."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler import (
    DAG,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
)
from scheduler.errors import BadSchedule
from scheduler.sdk.schedule import read_schedule
from scheduler.wire import ScheduleSpec

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "spec"),
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
def test_every_form_of_schedule_has_a_plain_form(given, spec):
    assert read_schedule(given).to_spec() == spec


@pytest.mark.parametrize(
    ("given", "said"),
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
def test_what_is_no_schedule_is_refused_with_its_line(given, said):
    with pytest.raises(BadSchedule, match=rf"test_schedule\.py:\d+: .*{said}"):
        DAG("orders", schedule=given)


def test_a_timetable_may_bring_its_time_zone():
    assert (
        DAG("a", schedule=CronTriggerTimetable("0 6 * * *", timezone="Europe/Berlin")).timezone
        == "Europe/Berlin"
    )
    zone = ZoneInfo("Asia/Tokyo")
    assert DAG("b", schedule=CronDataIntervalTimetable("0 6 * * *", timezone=zone)).timezone == "Asia/Tokyo"
