"""What templates reach as `macros`: dates, times, JSON and random numbers."""

from __future__ import annotations

import json
import random
import time
import uuid
from datetime import datetime, timedelta

__all__ = ["datetime", "ds_add", "ds_format", "json", "random", "time", "timedelta", "uuid"]


def ds_add(ds: str, days: int) -> str:
    """Add days, or take them away, from a date written YYYY-MM-DD."""
    return (datetime.fromisoformat(ds) + timedelta(days=days)).strftime("%Y-%m-%d")


def ds_format(ds: str, input_format: str, output_format: str) -> str:
    """Read a date in one strftime format and write it in another."""
    return datetime.strptime(ds, input_format).strftime(output_format)  # noqa: DTZ007 - a date, not an instant
