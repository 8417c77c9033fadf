"""What Airflow calls the timetable of a schedule: programs that choose DAGs by it name it so."""

from __future__ import annotations

from typing import Final

from scheduler.wire import ScheduleSpec

_BY_TIME: Final = {
    "none": "NullTimetable",
    "once": "OnceTimetable",
    "continuous": "ContinuousTimetable",
    "cron": "CronTriggerTimetable",
    "cron_interval": "CronDataIntervalTimetable",
    "delta": "DeltaTriggerTimetable",
    "delta_interval": "DeltaDataIntervalTimetable",
    "crons": "MultipleCronTriggerTimetable",
    "events": "EventsTimetable",
}


def timetable_type(schedule: ScheduleSpec) -> str:
    """Return the name of the class; of an author's own with its module."""
    if schedule.assets is not None:
        if schedule.kind != "none":
            return "AssetOrTimeSchedule"
        return "AssetTriggeredTimetable" if schedule.partitions is None else "PartitionedAssetTimetable"
    if schedule.kind == "own":
        return str((schedule.own or {}).get("class", ""))
    return "CronPartitionTimetable" if schedule.partitions is not None else _BY_TIME[schedule.kind]
