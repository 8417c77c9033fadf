"""Who hears of what a database does for this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol


class Observer(Protocol):
    """Hears what the database does for this process: `scheduler.metrics`. Called by all threads; it must not wait."""

    def transacted(self, mode: Literal["read", "write"], seconds: float) -> None:
        """A transaction ended, well or not."""

    def failed(self) -> None:
        """One ended because the database did not answer, or refused."""

    def retried(self) -> None:
        """One begins again."""

    def gathered(self, items: Sequence[Any]) -> None:
        """What was gathered and written in a transaction is committed: its events."""

    def ended(self, attempt_ids: Sequence[int]) -> None:
        """Attempts whose end was recorded in a transaction, and is committed."""


class Unobserved:
    """Nobody listens."""

    def transacted(self, mode: Literal["read", "write"], seconds: float) -> None:
        """Take no note."""

    def failed(self) -> None:
        """Take no note."""

    def retried(self) -> None:
        """Take no note."""

    def gathered(self, items: Sequence[Any]) -> None:
        """Take no note."""

    def ended(self, attempt_ids: Sequence[int]) -> None:
        """Take no note."""
