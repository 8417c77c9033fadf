"""Which run of a schedule is the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.operations.latest import is_latest
from scheduler.wire import DagSpec, RunInfo, ScheduleSpec

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def run(logical_date=MIDNIGHT, run_type="scheduled", interval=timedelta(0)):
    moment = logical_date.isoformat()
    ended = (logical_date + interval).isoformat()
    return RunInfo(
        dag_id="d", run_id="r", run_type=run_type, logical_date=moment, data_interval_start=moment,
        data_interval_end=ended, run_after=ended,
    )  # fmt: skip


def dag(kind="cron", cron="@daily"):
    return DagSpec(dag_id="d", file="d.py", schedule=ScheduleSpec(kind=kind, cron=cron))


@pytest.mark.parametrize(
    ("later", "is_newest"), [(DAY / 2, True), (DAY - timedelta(seconds=1), True), (DAY, False)]
)
def test_a_run_is_the_newest_until_the_next_one_is_due(later, is_newest):
    assert is_latest(dag(), run(), MIDNIGHT + later) is is_newest


@pytest.mark.parametrize(("later", "is_newest"), [(DAY, True), (2 * DAY - DAY / 9, True), (2 * DAY, False)])
def test_with_intervals_the_next_one_is_due_at_the_end_of_its_interval(later, is_newest):
    assert is_latest(dag("cron_interval"), run(interval=DAY), MIDNIGHT + later) is is_newest


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        (dag(), run(run_type="manual")),
        (dag(), run(run_type="operator_triggered")),
        (dag("none", None), run()),
        (dag("once", None), run()),
        (dag("continuous", None), run()),
    ],
)
def test_what_has_no_successor_is_the_newest_for_ever(spec, asked):
    assert is_latest(spec, asked, MIDNIGHT + 1000 * DAY)
