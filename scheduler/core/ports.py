"""What the core needs of the world: someone to wake, and someone to ring for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Wake(Protocol):
    """Tells the planner that there is work; several signals before a wait count as one."""

    def set(self) -> None:
        """Wake whoever waits, now or next. Called from any thread."""

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; true when it was set, which this takes back."""
        ...


class Publish(Protocol):
    """Tells workers that there is work. A ring is a doorbell: losing or repeating one changes no outcome."""

    def ring(self, queues: Collection[str]) -> None:
        """Send one ticket "this queue has work" for each name; a name that occurs n times rings n times."""
