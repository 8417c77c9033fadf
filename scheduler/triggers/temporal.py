"""Waiting for an instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scheduler.clock import parse_instant
from scheduler.errors import NaiveDate
from scheduler.sdk.context import current_clock
from scheduler.sdk.deferral import BaseTrigger, TaskSuccessEvent, TriggerEvent

#: An event loop counts by another clock than calendars do, which may be put right meanwhile.
LONGEST_SLEEP_S: Final = 3600.0


class DateTimeTrigger(BaseTrigger):
    """Fires at an instant, at once where that is past; its event is the instant.

    `end_from_trigger`: the task has succeeded then, and is not called again. `target_time`: the instant as text.
    """

    def __init__(
        self,
        moment: datetime | None = None,
        *,
        target_time: datetime | str | None = None,
        end_from_trigger: bool = False,
    ) -> None:
        super().__init__()
        if (moment is None) == (target_time is None):
            raise TypeError("DateTimeTrigger takes one of moment and target_time.")
        self.moment = _instant(moment if target_time is None else target_time)
        self.end_from_trigger = end_from_trigger

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what it is made of."""
        kwargs = {"moment": self.moment, "end_from_trigger": self.end_from_trigger}
        return "scheduler.triggers.temporal.DateTimeTrigger", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep until then."""
        clock = current_clock()
        while (left_s := (self.moment - clock.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left_s, LONGEST_SLEEP_S))
        yield TaskSuccessEvent() if self.end_from_trigger else TriggerEvent(self.moment)


class TimeDeltaTrigger(DateTimeTrigger):
    """Fires a while after it was made, wherever it is watched."""

    def __init__(self, delta: timedelta, *, end_from_trigger: bool = False) -> None:
        super().__init__(current_clock().now() + delta, end_from_trigger=end_from_trigger)


def _instant(given: object) -> datetime:
    if isinstance(given, str):
        return parse_instant(given)
    if not isinstance(given, datetime):
        raise TypeError(f"DateTimeTrigger waits for a datetime, not for {given!r}.")
    if given.tzinfo is None:
        raise NaiveDate(f"DateTimeTrigger(moment={given}) has no time zone; add tzinfo=UTC.")
    return given.astimezone(UTC)
