"""`airflow.utils.dates`, which Airflow 3 has no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scheduler.clock import SystemClock
from scheduler.compat.airflow.dates import as_pendulum
from scheduler.compat.airflow.old_forms import warn_of

cron_presets: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
_UNITS: Final = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> Any:
    """Return midnight, or another time of the day, `n` days before today, in UTC."""
    warn_of("days_ago", "gives another date each day; write a fixed start_date=datetime(..., tzinfo=UTC)")
    today = SystemClock().now().replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    return as_pendulum(today - timedelta(days=n))


def parse_execution_date(execution_date_str: str) -> datetime:
    """Read an ISO 8601 text; without a zone it is UTC."""
    moment = datetime.fromisoformat(execution_date_str)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def date_range(
    start_date: datetime,
    end_date: datetime | None = None,
    num: int | None = None,
    delta: timedelta = timedelta(days=1),
) -> list[datetime]:
    """Return the dates from the first one on, up to a last one or so many of them."""
    end = SystemClock().now() if end_date is None else end_date
    dates: list[datetime] = []
    while len(dates) < num if num is not None else start_date <= end:
        dates.append(start_date)
        start_date += delta
    return dates


def round_time(dt: datetime, delta: timedelta, start_date: datetime | None = None) -> datetime:
    """Return the step from `start_date` on that is nearest to an instant."""
    first = start_date or dt.replace(hour=0, minute=0, second=0, microsecond=0)
    return first + round((dt - first) / delta) * delta


def infer_time_unit(time_seconds_arr: list[float]) -> str:
    """Return the unit in which such durations read best."""
    longest = max(time_seconds_arr, default=0.0)
    return next((unit for unit in _LIMITS if longest <= _LIMITS[unit]), "days")


def scale_time_units(time_seconds_arr: list[float], unit: str) -> list[float]:
    """Return durations in another unit than seconds."""
    return [each / _UNITS[unit] for each in time_seconds_arr]


_LIMITS: Final = {"seconds": 120.0, "minutes": 7200.0, "hours": 172800.0}
