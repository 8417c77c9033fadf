"""An ambiguous schedule is read as it is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.core.meanings import as_meant, is_unsure, next_runs
from scheduler.wire import DagSpec, ScheduleSpec

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def dag(meaning, **schedule):
    return DagSpec(dag_id="d", file="d.py", schedule=ScheduleSpec(meaning=meaning, **schedule))


@pytest.mark.parametrize(
    "schedule", [{"kind": "cron", "cron": "0 6 * * *"}, {"kind": "delta", "delta_s": 86400.0}]
)
def test_either_meaning_can_be_said_and_changed(schedule):
    unsure = dag("unsure", **schedule)
    assert is_unsure(unsure)
    interval = as_meant(unsure, "interval")
    assert (interval.schedule.kind, interval.schedule.meaning) == (f"{schedule['kind']}_interval", "interval")
    trigger = as_meant(interval, "trigger")
    assert (trigger.schedule.kind, is_unsure(trigger)) == (schedule["kind"], False)
    assert as_meant(interval, "interval") == interval


def test_what_is_not_ambiguous_stays():
    plain = dag(None, kind="cron", cron="0 6 * * *")
    assert as_meant(plain, "interval") is plain
    unsure = dag("unsure", kind="cron", cron="0 6 * * *")
    assert as_meant(unsure, None) is unsure


def test_the_runs_of_both_meanings_start_at_the_same_instants_with_other_dates():
    unsure = dag("unsure", kind="cron", cron="0 6 * * *")
    trigger, interval = (next_runs(as_meant(unsure, each), None, NOW, 3) for each in ("trigger", "interval"))
    six = datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert (
        [due.run_at for due in trigger] == [due.run_at for due in interval] == [six, six + DAY, six + 2 * DAY]
    )
    assert [due.logical_date for due in trigger] == [due.run_at for due in trigger]
    assert [due.logical_date for due in interval] == [due.run_at - DAY for due in interval]


def test_a_schedule_that_ends_has_fewer_runs():
    assert next_runs(dag("unsure"), None, NOW, 3) == []
