"""Two attempts of a task beside each other: their facts, and what they were given that differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scheduler.errors import NotFound
from scheduler.store.views.tasks import Attempt
from webui import words
from webui.differences import Line, changed_lines
from webui.filters import pretty
from webui.tongues.speaking import gettext

_Read = Callable[[Attempt], datetime | str | None]
_ERROR: Final = ("type", "message")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison: an instant, a state or words for each attempt."""

    label: str
    values: tuple[datetime | str | None, ...]
    is_state: bool = False
    is_measured: bool = False

    @property
    def differs(self) -> bool:
        """Whether it is not the same of both; instants and what is measured never are."""
        told = {value for value in self.values if not isinstance(value, datetime)}
        return len(told) > 1 and not self.is_measured


def pair(attempts: Sequence[Attempt], one: int | None, other: int | None) -> list[tuple[int, Attempt]]:
    """Return the attempts of these numbers, counted from 1; the last two unless somebody says otherwise.

    Raises NotFound.
    """
    last = len(attempts)
    wanted = (one or max(1, last - 1), other or last)
    for number in wanted:
        if attempts and not 1 <= number <= last:
            raise NotFound("attempt", str(number))
    return [(number, attempts[number - 1]) for number in dict.fromkeys(wanted) if attempts]


def facts(chosen: Sequence[Attempt]) -> list[Fact]:
    """Return what is known of attempts, but for what is known of none."""
    rows = [
        Fact(gettext("Ended as"), tuple(each.state for each in chosen), is_state=True),
        *(Fact(label, tuple(map(read, chosen))) for label, read in _readers().items()),
        *(Fact(label, tuple(map(read, chosen)), is_measured=True) for label, read in _measures().items()),
    ]
    return [row for row in rows if any(row.values)]


def changes(chosen: Sequence[Attempt]) -> dict[str, list[Line]]:
    """Return which rendered templates differ between the first and the last, line by line."""
    first, last = (each.rendered or {} for each in (chosen[0], chosen[-1])) if chosen else ({}, {})
    names = dict.fromkeys([*first, *last])
    found = {name: changed_lines(_text(first.get(name)), _text(last.get(name))) for name in names}
    return {name: lines for name, lines in found.items() if lines}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else pretty(value)


def _readers() -> dict[str, _Read]:
    return {
        gettext("Why"): lambda each: each.reason or None,
        gettext("Error"): _error,
        gettext("Exit code"): lambda each: None if each.exit_code is None else str(each.exit_code),
        gettext("Signal"): lambda each: None if each.signal is None else str(each.signal),
        gettext("Worker"): lambda each: each.hostname or each.worker_id,
    }


def _measures() -> dict[str, _Read]:
    return {
        gettext("Try"): lambda each: str(each.try_number),
        gettext("Queued"): lambda each: each.queued_at,
        gettext("Picked up after"): lambda each: _between(each.queued_at, each.claimed_at),
        gettext("Began"): lambda each: each.start_date,
        gettext("Ran"): lambda each: _between(each.start_date, each.end_date),
        gettext("Ended"): lambda each: each.end_date,
        gettext("CPU time"): lambda each: None if each.cpu_s is None else words.span(each.cpu_s),
        gettext("Peak memory"): lambda each: (
            words.size(each.peak_memory_bytes) if each.peak_memory_bytes else None
        ),
    }


def _error(attempt: Attempt) -> str | None:
    found = [str(attempt.error[name]) for name in _ERROR if attempt.error and attempt.error.get(name)]
    return ": ".join(found) or None


def _between(start: datetime | None, end: datetime | None) -> str | None:
    return words.span((end - start).total_seconds()) if start and end else None
