"""What Airflow says of assets, and Dirigent says otherwise or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scheduler.sdk.assets import AssetOrTimeSchedule


class DatasetOrTimeSchedule(AssetOrTimeSchedule):
    """The same under Airflow 2's name, with its arguments."""

    def __init__(self, *, timetable: Any, datasets: Any) -> None:
        super().__init__(timetable=timetable, assets=datasets)


@dataclass(frozen=True)
class AssetAccessControl:
    """Which teams may use an asset. Dirigent has no teams: it is passed over."""

    producer_teams: list[str] = field(default_factory=list)
    consumer_teams: list[str] = field(default_factory=list)
    allow_global: bool = True
