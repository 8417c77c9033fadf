"""Sensors, and decorators for them, under Airflow's names."""

from __future__ import annotations

from typing import Any, TypeVar

from scheduler.sensors.date_time import DateTimeSensor, TimeDeltaSensor, TimeSensor

_C = TypeVar("_C", bound=type)


def poke_mode_only(kind: _C) -> _C:
    """Return the class as it is: whoever uses it in another mode learns what comes of it."""
    return kind


class DateTimeSensorAsync(DateTimeSensor):
    """A DateTimeSensor that defers."""

    def __init__(self, task_id: str, *, deferrable: bool = True, **arguments: Any) -> None:
        super().__init__(task_id, deferrable=deferrable, **arguments)


class TimeSensorAsync(TimeSensor):
    """A TimeSensor that defers."""

    def __init__(self, task_id: str, *, deferrable: bool = True, **arguments: Any) -> None:
        super().__init__(task_id, deferrable=deferrable, **arguments)


class TimeDeltaSensorAsync(TimeDeltaSensor):
    """A TimeDeltaSensor that defers."""

    def __init__(self, task_id: str, *, deferrable: bool = True, **arguments: Any) -> None:
        super().__init__(task_id, deferrable=deferrable, **arguments)
