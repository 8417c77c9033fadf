"""Working days in templates: `{{ macros.business_days.add(ds, 3) }}`, `{{ macros.business_days.next(ds) }}`.

Monday to Friday, without the days in HOLIDAYS. Copy it, and fill in yours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from scheduler.plugins import hookimpl

#: Days on which nobody works, as month and day.
HOLIDAYS = frozenset({(1, 1), (12, 25), (12, 26)})


def is_one(ds: str) -> bool:
    """Tell whether a date written YYYY-MM-DD is a working day."""
    day = date.fromisoformat(ds)
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def add(ds: str, days: int) -> str:
    """Return the date so many working days later, or earlier where `days` is negative."""
    day = date.fromisoformat(ds)
    step = timedelta(days=1 if days >= 0 else -1)
    left = abs(days)
    while left:
        day += step
        left -= is_one(day.isoformat())
    return day.isoformat()


def next_one(ds: str) -> str:
    """Return the first working day after a date."""
    return add(ds, 1)


@hookimpl
def dirigent_macros() -> Mapping[str, Callable[..., object]]:
    """Bring the macros."""
    return {"is_one": is_one, "add": add, "next": next_one}
