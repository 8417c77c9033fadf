"""`airflow.utils.timezone`: instants with a zone. They are pendulum's where pendulum is installed."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from zoneinfo import ZoneInfo

from scheduler.clock import SystemClock
from scheduler.compat.airflow.dates import as_pendulum

utc: Final = dt.UTC
TIMEZONE: Final = dt.UTC


def utcnow() -> Any:
    """Return the present instant."""
    return as_pendulum(SystemClock().now())


def utc_epoch() -> Any:
    """Return the first instant of 1970."""
    return as_pendulum(dt.datetime(1970, 1, 1, tzinfo=dt.UTC))


def datetime(*args: Any, **kwargs: Any) -> dt.datetime:
    """Return an instant, in UTC unless `tzinfo` says otherwise."""
    kwargs.setdefault("tzinfo", dt.UTC)
    return dt.datetime(*args, **kwargs)  # noqa: DTZ001 - the zone is among them


def parse(string: str, timezone: dt.tzinfo | None = None, *, strict: bool = False) -> Any:
    """Read an ISO 8601 text; in UTC unless it or `timezone` says otherwise."""
    return as_pendulum(make_aware(dt.datetime.fromisoformat(string), timezone))


def is_localized(value: dt.datetime) -> bool:
    """Whether it has a zone."""
    return value.utcoffset() is not None


def is_naive(value: dt.datetime) -> bool:
    """Whether it has none."""
    return value.utcoffset() is None


def make_aware(value: Any, timezone: dt.tzinfo | None = None) -> Any:
    """Give it a zone, UTC if none is named, where it has none."""
    return value if value is None or is_localized(value) else value.replace(tzinfo=timezone or dt.UTC)


def make_naive(value: dt.datetime, timezone: dt.tzinfo | None = None) -> dt.datetime:
    """Return the wall-clock time in a zone, UTC if none is named."""
    return value.astimezone(timezone or dt.UTC).replace(tzinfo=None)


def convert_to_utc(value: Any) -> Any:
    """Return the same instant in UTC; without a zone it is one already."""
    return None if value is None else as_pendulum(make_aware(value).astimezone(dt.UTC))


def coerce_datetime(value: Any, tz: dt.tzinfo | None = None) -> Any:
    """Return it with a zone."""
    return None if value is None else as_pendulum(make_aware(value, tz))


def parse_timezone(name: str | int) -> dt.tzinfo:
    """Return a zone by its IANA name, or by its distance from UTC in seconds."""
    return ZoneInfo(name) if isinstance(name, str) else dt.timezone(dt.timedelta(seconds=name))


def local_timezone() -> dt.tzinfo:
    """Return UTC, which is Dirigent's zone where none is given."""
    return dt.UTC


def from_timestamp(timestamp: float, tz: Any = dt.UTC) -> Any:
    """Return the instant so many seconds after 1970 began."""
    zone = dt.UTC if tz == "local" else ZoneInfo(tz) if isinstance(tz, str) else tz
    return as_pendulum(dt.datetime.fromtimestamp(timestamp, zone))


def td_format(duration: float | dt.timedelta | None) -> str | None:
    """Write a duration in days, hours, minutes and seconds; None for none and for less than a second."""
    if not duration:
        return None
    rest = int(duration.total_seconds() if isinstance(duration, dt.timedelta) else duration)
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return ":".join(parts) or "<1s"


_UNITS: Final = {"d": 86400, "h": 3600, "M": 60, "s": 1}
