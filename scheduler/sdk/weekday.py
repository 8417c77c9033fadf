"""Days of the week, as authors name them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum

from scheduler.sdk.arguments import bad_argument


class WeekDay(IntEnum):
    """A day of the week, numbered as ISO 8601 does."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


#: Handy names for the two kinds of days.
WEEKEND = frozenset({WeekDay.SATURDAY, WeekDay.SUNDAY})
WORKDAYS = frozenset(WeekDay) - WEEKEND

WeekDays = str | WeekDay | Iterable[str | WeekDay]


def read_week_days(name: str, value: object) -> frozenset[WeekDay]:
    """Read one day or several, each a WeekDay or its English name."""
    given = [value] if isinstance(value, str | WeekDay) else value
    if not isinstance(given, Iterable) or not (days := [_day(name, each) for each in given]):
        raise bad_argument(name, value, "give days such as 'Monday' or WeekDay.MONDAY, one or a set of them")
    return frozenset(days)


def _day(name: str, value: object) -> WeekDay:
    if isinstance(value, WeekDay):
        return value
    text = str(value).strip().upper()
    if text in WeekDay.__members__:
        return WeekDay[text]
    near = difflib.get_close_matches(text, WeekDay.__members__, n=1)
    hint = f"did you mean {near[0].capitalize()!r}?" if near else "give an English name such as 'Monday'"
    raise bad_argument(name, value, hint)
