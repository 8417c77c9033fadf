"""When a cron expression fires in a time zone: the one rule for clocks that are put forward and back.

croniter answers in plain wall-clock time only; all that has to do with zones happens here, in UTC, by
zoneinfo.

- An expression whose hour field names every hour ("*/5 * * * *", "30 * * * *") follows time as it passes: it
fires at
  every instant whose wall-clock time matches. An hour that comes twice counts twice, one that is left out not
  at all.
- Any other expression follows the clock on the wall: each of its times fires once a day that has it. A time
that comes
  twice fires at its first coming. A time that is left out fires at the first instant after the gap; several
  such times, and one that falls on that instant anyway, fire as one.

`next_after` is strictly later, in UTC, than the instant it is given; docs/decisions/003-dst.md says why so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadDateError, CroniterError, croniter

from scheduler.errors import BadSchedule

_SECOND: Final = timedelta(seconds=1)
_FIELDS: Final = (
    "minute (0-59)",
    "hour (0-23)",
    "day of month (1-31 or L)",
    "month (1-12 or jan-dec)",
    "day of week (0-7 or sun-sat, with L or #)",
    "second (0-59)",
)
#: croniter's fields that are drawn at random or hashed: they would give another schedule at every parse.
_DRAWN: Final = re.compile(r"^[hr](\(.*\))?(/\d+)?$", re.IGNORECASE)


def read_zone(name: str) -> ZoneInfo:
    """Return an IANA zone; raises BadSchedule that suggests a near name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "use an IANA name such as 'Europe/Berlin' or 'UTC'."
        raise BadSchedule(f"There is no time zone {name!r}: {hint}") from None


@dataclass(frozen=True)
class Cron:
    """A cron expression in a zone. Make it with `read_cron`, which refuses what cannot be read."""

    expression: str
    zone: ZoneInfo

    @cached_property
    def names_every_hour(self) -> bool:
        """True when it follows time as it passes rather than the clock on the wall."""
        hours = croniter.expand(self.expression)[0][1]
        return hours == ["*"] or set(range(24)) <= set(hours)

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first fire strictly after `instant`, in UTC; None when there is none within 50 years."""
        return _next_after(self, instant)

    def _find_next(self, instant: datetime) -> datetime | None:
        if self.names_every_hour:
            fires = [fire for fire in (self._next_as_passing(instant), self._next_repeated(instant)) if fire]
            return min(fires, default=None)
        return self._next_on_the_wall(instant)

    def last_before(self, instant: datetime) -> datetime | None:
        """Return the last fire strictly before `instant`, in UTC; None when there is none within 50 years."""
        window = self._window_before(instant)
        while window is not None:
            if found := self._last_within(instant - window, instant):
                return found
            window = window * 2 if window < timedelta(days=40_000) else None
        return None

    def _next_on_the_wall(self, instant: datetime) -> datetime | None:
        for wall in self._walls_after(_wall(instant, self.zone)):
            if (fire := _first_instant(wall, self.zone)) > instant:
                return fire
        return None

    def _next_as_passing(self, instant: datetime) -> datetime | None:
        for wall in self._walls_after(_wall(instant, self.zone)):
            for fire in _instants(wall, self.zone):
                if fire > instant:
                    return fire
        return None

    def _next_repeated(self, instant: datetime) -> datetime | None:
        """Return the first fire in the second coming of a stretch of wall-clock time, seen from its first."""
        now = _wall(instant, self.zone)
        comings = _instants(now, self.zone)
        if len(comings) < 2 or comings[0] != instant:
            return None
        for wall in self._walls_after(now - (comings[1] - comings[0])):
            if wall > now:
                return None
            if len(twice := _instants(wall, self.zone)) == 2:
                return twice[1]
        return None

    def _walls_after(self, wall: datetime) -> Iterator[datetime]:
        """Yield the wall-clock times that match, without a zone; ends when there is none for 50 years."""
        times = croniter(self.expression, wall)
        while (found := _step(times.get_next)) is not None:
            yield found

    def _window_before(self, instant: datetime) -> timedelta | None:
        """Guess how far back to look: to the last but one time on the wall."""
        wall = _wall(instant, self.zone)
        times = croniter(self.expression, wall)
        newest = _step(times.get_prev)
        if newest is None:
            return None
        return wall - (_step(times.get_prev) or newest) + _SECOND

    def _last_within(self, after: datetime, before: datetime) -> datetime | None:
        found = None
        fire = self.next_after(after)
        while fire is not None and fire < before:
            found, fire = fire, self.next_after(fire)
        return found


@lru_cache(maxsize=1024)
def _next_after(cron: Cron, instant: datetime) -> datetime | None:
    """Find the next fire once: DAGs that share an expression are due together."""
    return cron._find_next(instant)


@lru_cache(maxsize=4096)
def read_cron(expression: str, zone: str) -> Cron:
    """Read an expression of 5 fields, of 6 (seconds last), or a word such as @daily.

    Raises BadSchedule that names the expression and the field that is wrong.
    """
    cron = Cron(expression.strip(), read_zone(zone))
    if fault := _fault(cron.expression):
        raise BadSchedule(f"Cron expression {expression!r} cannot be read: {fault}.")
    if next(cron._walls_after(datetime(2000, 1, 1)), None) is None:  # noqa: DTZ001 - a wall-clock time
        raise BadSchedule(f"Cron expression {expression!r} never fires: no year has such a day.")
    return cron


def _fault(expression: str) -> str:
    fields = expression.split()
    if expression.startswith("@"):
        return "" if _is_readable(expression) else "words are @hourly, @daily, @weekly, @monthly and @yearly"
    if len(fields) not in (5, 6):
        return f"it has {len(fields)} fields; write 5 (minute hour day month weekday), or 6 with seconds last"
    for place, text in enumerate(fields):
        alone = ["*"] * len(fields)
        alone[place] = text
        if _DRAWN.match(text) or not _is_readable(" ".join(alone)):
            return f"{text!r} is no {_FIELDS[place]}"
    return "" if _is_readable(expression) else "its fields contradict each other"


def _step(step: Callable[[type[datetime]], datetime]) -> datetime | None:
    try:
        return step(datetime)
    except (CroniterBadDateError, OverflowError):
        return None


def _is_readable(expression: str) -> bool:
    try:
        croniter.expand(expression)
    except (CroniterError, ValueError, KeyError, IndexError, TypeError):
        return False
    return True


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _comings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Read a wall-clock time by the offset before a change and by that after it; else both are the same."""
    return (
        wall.replace(tzinfo=zone, fold=0).astimezone(UTC),
        wall.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


def _instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants at which the wall shows this time: one, two where it comes twice, none in a gap."""
    first, second = _comings(wall, zone)
    if _wall(first, zone) != wall:
        return ()
    return (first,) if first == second else (first, second)


def _first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which the wall shows this time or, in a gap, the first instant after it."""
    by_old, by_new = _comings(wall, zone)
    return by_old if _wall(by_old, zone) == wall else _change(by_new, by_old, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant between these two at which the offset changed, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
