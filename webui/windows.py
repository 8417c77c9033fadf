"""The windows of time that the dashboard shows, and the sums that each reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scheduler.core.spans import DAY, HOUR, MINUTE, Span, latest


@dataclass(frozen=True, slots=True)
class Window:
    """The last `count` steps of `step_s`. Each table reads sums of the width that keeps it short."""

    name: str
    label: str
    step_s: int
    count: int
    width_s: int  #: of the sums that figures and charts are made of
    dags: tuple[int, int]  #: width and count of the sums that tables of DAGs are made of
    tasks: tuple[int, int]  #: the same of tasks, of which no minutes are kept
    days: int  #: of the delays of some DAGs, of which days are kept

    def steps(self, now: datetime) -> Span:
        """Return the steps of the charts, the present one included."""
        return latest(self.step_s, self.count, now)

    def span(self, now: datetime) -> Span:
        """Return the same time in the sums that figures and charts are made of."""
        return replace(self.steps(now), width_s=self.width_s)

    def of_delays(self, now: datetime) -> Span:
        """Return it for the delays of some DAGs."""
        return latest(DAY, self.days, now)

    def of_dags(self, now: datetime) -> Span:
        """Return it for tables of DAGs: whole days, where days are read."""
        return latest(*self.dags, now)

    def of_tasks(self, now: datetime) -> Span:
        """Return it for tables of tasks."""
        return latest(*self.tasks, now)


WINDOWS: Final = {
    each.name: each
    for each in (
        Window("1h", "1 h", MINUTE, 60, MINUTE, (MINUTE, 60), (HOUR, 2), 1),
        Window("24h", "24 h", HOUR, 24, HOUR, (HOUR, 24), (HOUR, 24), 2),
        Window("7d", "7 d", 4 * HOUR, 42, HOUR, (DAY, 7), (DAY, 7), 7),
        Window("30d", "30 d", DAY, 30, DAY, (DAY, 30), (DAY, 30), 30),
    )
}
DEFAULT: Final = WINDOWS["24h"]
