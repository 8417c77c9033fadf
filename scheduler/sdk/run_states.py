"""Reading the states that authors name: of runs, and of tasks."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Final

from scheduler.sdk.arguments import bad_argument

RUN_STATES: Final = ("queued", "running", "success", "failed")
TASK_STATES: Final = (
    *("none", "scheduled", "queued", "running", "success", "failed", "up_for_retry", "up_for_reschedule"),
    *("deferred", "awaiting_input", "upstream_failed", "skipped", "removed"),
)


def read_run_states(name: str, value: Iterable[str] | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """Read states of runs; a word that is none is refused."""
    return _read(name, value, default, RUN_STATES)


def read_task_states(name: str, value: Iterable[str] | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """Read states of tasks; a word that is none is refused."""
    return _read(name, value, default, TASK_STATES)


def _read(
    name: str, value: Iterable[str] | None, default: tuple[str, ...], known: Collection[str]
) -> tuple[str, ...]:
    if value is None:
        return default
    words = [str(getattr(each, "value", each)) for each in ([value] if isinstance(value, str) else value)]
    for each in words:
        if each not in known:
            near = difflib.get_close_matches(each, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"use {', '.join(known)}"
            raise bad_argument(name, each, hint)
    return tuple(words)
