"""Timetables beyond one rhythm: what they become in a graph, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import (
    DAG,
    CronTriggerTimetable,
    DagRunInfo,
    DataInterval,
    DeltaTriggerTimetable,
    EmptyOperator,
    EventsTimetable,
    MultipleCronTriggerTimetable,
    Timetable,
)
from scheduler.errors import BadSchedule
from scheduler.sdk.serialize import to_spec
from scheduler.wire import ScheduleSpec, dag_from_json, dag_to_json

BAD: Any = "2027-01-01"
FIRST, SECOND = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


class Moons(Timetable):
    """A timetable with data of its own."""

    description = "at full moon"
    active_runs_limit = 3

    def __init__(self, phase: object = 0) -> None:
        self.phase = phase

    def serialize(self):
        return {"phase": self.phase}


class ByHand(Timetable):
    """A timetable that never asks for a run."""

    can_be_scheduled = False


@pytest.mark.parametrize(
    ("timetable", "spec"),
    [
        (
            MultipleCronTriggerTimetable("@daily", "0 6 * * *", timezone="Asia/Tokyo"),
            ScheduleSpec(kind="crons", crons=("@daily", "0 6 * * *")),
        ),
        (
            EventsTimetable([SECOND, FIRST]),
            ScheduleSpec(
                kind="events", events=(FIRST.isoformat(), SECOND.isoformat()), said="2 listed instants"
            ),
        ),
        (
            CronTriggerTimetable("@daily", interval=timedelta(days=1), run_immediately=timedelta(hours=1)),
            ScheduleSpec(kind="cron", cron="@daily", interval_s=86400.0, late=3600.0),
        ),
        (
            DeltaTriggerTimetable(timedelta(hours=2), interval=timedelta(hours=1)),
            ScheduleSpec(kind="delta", delta_s=7200.0, interval_s=3600.0),
        ),
        (
            CronTriggerTimetable("@daily", run_immediately=None),
            ScheduleSpec(kind="cron", cron="@daily", late="tenth"),
        ),
        (
            Moons(2),
            ScheduleSpec(
                kind="own", said="at full moon", own={"class": f"{__name__}.Moons", "data": {"phase": 2}}
            ),
        ),
        (ByHand(), ScheduleSpec(said="ByHand")),
    ],
)
def test_a_graph_says_when_it_runs_and_is_read_as_it_was_written(timetable, spec):
    with DAG("d", schedule=timetable) as dag:
        EmptyOperator(task_id="a")
    made = to_spec(dag, "d.py")
    assert made.schedule == spec
    assert made.wire_version == (1 if spec.kind == "none" else 5)
    assert dag_from_json(dag_to_json(made)) == made


def test_a_schedule_of_old_keeps_its_text():
    with DAG("d", schedule="@daily") as dag:
        EmptyOperator(task_id="a")
    assert '"schedule":{"cron":"@daily","delta_s":null,"kind":"cron"}' in dag_to_json(to_spec(dag, "d.py"))


def test_a_timetable_has_a_say_in_the_runs_side_by_side():
    assert DAG("d", schedule=Moons()).max_active_runs == 3
    assert DAG("d", schedule=Moons(), max_active_runs=5).max_active_runs == 5


def test_a_run_by_hand_is_about_the_newest_event_where_that_is_asked_for():
    free, bound = EventsTimetable([FIRST, SECOND]), EventsTimetable([FIRST, SECOND], restrict_to_events=True)
    later = FIRST + timedelta(days=5)
    assert free.infer_manual_data_interval(run_after=later) == DataInterval.exact(later)
    assert bound.infer_manual_data_interval(run_after=later) == DataInterval.exact(FIRST)
    assert bound.infer_manual_data_interval(run_after=FIRST - timedelta(1)) == DataInterval.exact(FIRST)


def test_a_run_is_named_by_its_instant_or_its_interval():
    assert DagRunInfo.exact(FIRST).logical_date == FIRST
    assert DagRunInfo.interval(FIRST, SECOND) == DagRunInfo(SECOND, DataInterval(FIRST, SECOND))
    assert DagRunInfo(SECOND, None).logical_date is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MultipleCronTriggerTimetable(), "at least one cron expression"),
        (lambda: MultipleCronTriggerTimetable("@daily", "61 * * * *"), "'61' is no minute"),
        (lambda: EventsTimetable([datetime(2027, 1, 1)]), "datetimes with a time zone"),  # noqa: DTZ001
        (lambda: EventsTimetable([BAD]), "'2027-01-01' is no instant"),
        (lambda: CronTriggerTimetable("@daily", interval=BAD).to_spec(), "interval='2027-01-01'"),
        (
            lambda: CronTriggerTimetable("@daily", run_immediately=BAD).to_spec(),
            "run_immediately='2027-01-01'",
        ),
        (lambda: Moons({1, 2}).to_spec(), "must return a dict of JSON"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(make, said):
    with pytest.raises(BadSchedule, match=said):
        make()
