"""Schedules are called as Airflow calls their timetables, where they are parsed and where stored ones are upgraded."""

from importlib import import_module
from typing import get_args, get_type_hints

import pytest

from scheduler.core.timetable_types import timetable_type
from scheduler.wire import DagSpec, ScheduleSpec, TaskSpec, dag_to_json

_upgraded = import_module("scheduler.store.migrations.versions.0040_timetable_types")._type
ASSET = {"uri": "s3://prices"}
KINDS = get_args(get_type_hints(ScheduleSpec)["kind"])


@pytest.mark.parametrize(
    ("schedule", "name"),
    [
        (ScheduleSpec(), "NullTimetable"),
        (ScheduleSpec(kind="cron", cron="@daily"), "CronTriggerTimetable"),
        (ScheduleSpec(kind="cron", cron="@daily", partitions={}), "CronPartitionTimetable"),
        (ScheduleSpec(assets=ASSET), "AssetTriggeredTimetable"),
        (ScheduleSpec(assets=ASSET, partitions={}), "PartitionedAssetTimetable"),
        (ScheduleSpec(kind="cron", cron="@daily", assets=ASSET), "AssetOrTimeSchedule"),
        (ScheduleSpec(kind="own", own={"class": "shop.times.Sunset", "data": {}}), "shop.times.Sunset"),
    ],
)
def test_a_schedule_is_called_as_in_airflow(schedule: ScheduleSpec, name: str) -> None:
    assert timetable_type(schedule) == name
    assert _upgraded(_stored(schedule)) == name


@pytest.mark.parametrize("kind", [each for each in KINDS if each != "own"])
def test_every_kind_has_a_name(kind: str) -> None:
    schedule = ScheduleSpec(kind=kind)  # type: ignore[arg-type]  # one of them
    assert timetable_type(schedule).endswith("Timetable")
    assert _upgraded(_stored(schedule)) == timetable_type(schedule)


@pytest.mark.parametrize("damaged", [None, "", "{", "[]", "{}"])
def test_a_damaged_graph_stops_no_upgrade(damaged: str | None) -> None:
    assert _upgraded(damaged) in {None, "NullTimetable"}


def _stored(schedule: ScheduleSpec) -> str:
    task = TaskSpec(task_id="a", operator="X")
    return dag_to_json(DagSpec(dag_id="d", file="d.py", code_hash="c", schedule=schedule, tasks=(task,)))
