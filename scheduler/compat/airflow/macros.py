"""Macros that Airflow has beside Dirigent's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduler.clock import SystemClock
from scheduler.sdk.macros import ds_add, ds_format

__all__ = ["datetime_diff_for_humans", "ds_add", "ds_format"]


def datetime_diff_for_humans(dt: datetime, since: datetime | None = None) -> str:
    """Write how far an instant is from another, or from now: "3 days ago"."""
    moment: Any = since or SystemClock().now()
    distance = (moment - dt).total_seconds()
    words = (
        "before" if since and distance >= 0 else "after" if since else "ago" if distance >= 0 else "from now"
    )
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if count := int(abs(distance) // seconds):
            return f"{count} {unit}{'s' if count > 1 else ''} {words}"
    return f"0 seconds {words}"
