"""Spans of time that sums are kept for: whole minutes, hours and days in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from scheduler.errors import BadParams

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
#: How long sums of each width are kept.
KEPT: Final = {MINUTE: timedelta(hours=3), HOUR: timedelta(days=15), DAY: timedelta(days=731)}
_MOST: Final = {"h": KEPT[HOUR] // timedelta(hours=1) - 1, "d": KEPT[DAY] // timedelta(days=1) - 1}
_AGO: Final = re.compile(r"([1-9]\d{0,3})([hd])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole minutes, hours or days (`width_s` each), from `start_at` until before `end_at`."""

    width_s: int
    start_at: datetime
    end_at: datetime

    @property
    def count(self) -> int:
        """How many of them there are."""
        return (self.end_at - self.start_at) // timedelta(seconds=self.width_s)

    @property
    def starts(self) -> list[datetime]:
        """When each of them begins."""
        step = timedelta(seconds=self.width_s)
        return [self.start_at + step * place for place in range(self.count)]

    @property
    def before(self) -> Span:
        """The span of the same length before this one."""
        length = self.end_at - self.start_at
        return Span(self.width_s, self.start_at - length, self.start_at)


def floor(at: datetime, width_s: int) -> datetime:
    """Return when the minute, hour or day of an instant began, in UTC."""
    seconds = int(at.timestamp()) // width_s * width_s
    return datetime.fromtimestamp(seconds, UTC)


def latest(width_s: int, count: int, now: datetime) -> Span:
    """Return the last `count` of them, the present one included."""
    step = timedelta(seconds=width_s)
    end_at = floor(now, width_s) + step
    return Span(width_s, end_at - step * count, end_at)


def span_of(since: str, until: str, now: datetime) -> Span:
    """Read a span: `since` is 24h or 7d (the present one included) or a day; `until` a day that it ends before.

    Raises BadParams.
    """
    if ago := _AGO.fullmatch(since):
        if until:
            raise BadParams(
                f"since={since!r} reaches until now; give it as a day to have it end before {until!r}."
            )
        count, unit = int(ago[1]), ago[2]
        if count > _MOST[unit]:
            raise BadParams(f"since={since!r} is more than is kept: at most {_MOST['h']}h or {_MOST['d']}d.")
        return latest(HOUR if unit == "h" else DAY, count, now)
    start_at = _day("since", since)
    end_at = _day("until", until) if until else latest(DAY, 1, now).end_at
    if end_at <= start_at:
        raise BadParams(f"since={since!r} is not before {f'until={until!r}' if until else 'now'}.")
    return Span(DAY, start_at, min(end_at, latest(DAY, 1, now).end_at))


def _day(name: str, text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        hint = "24h, 7d or a day such as 2026-11-01" if name == "since" else "a day such as 2026-12-01"
        raise BadParams(f"{name}={text[:40]!r} is not understood: give {hint}.") from None
