"""Assets as Airflow 2 wrote them, which called them datasets."""

from __future__ import annotations

from typing import Any

from scheduler.sdk.assets import AssetOrTimeSchedule


class DatasetOrTimeSchedule(AssetOrTimeSchedule):
    """The same under Airflow 2's name, with its arguments."""

    def __init__(self, *, timetable: Any, datasets: Any) -> None:
        super().__init__(timetable=timetable, assets=datasets)
