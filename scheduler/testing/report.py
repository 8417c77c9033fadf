"""What a test run tells on the terminal: the logs of its tasks as they come, and a summary."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from scheduler.clock import Clock
from scheduler.core.ids import named
from scheduler.testing.result import RunResult
from scheduler.wire import Job, Outcome

_log: Final = logging.getLogger("dirigent.test")


@contextmanager
def logs_shown() -> Iterator[None]:
    """Print log records from INFO on, unless the program has set up logging itself."""
    root = logging.getLogger()
    level, handler = root.level, logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    root.addHandler(handler)
    if level == logging.WARNING:
        root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


class Report:
    """Tells of one run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._took: dict[str, float] = {}

    def started(self, job: Job) -> None:
        """Tell that an attempt begins."""
        _log.info("%s: try %d of %d", named(job.task_id, job.path), job.try_number, job.max_tries)

    def ended(self, job: Job, outcome: Outcome) -> None:
        """Tell how it ended."""
        name = named(job.task_id, job.path)
        self._took[name] = self._took.get(name, 0.0) + _seconds(outcome)
        _log.info("%s: %s%s", name, outcome.state, f" ({outcome.reason})" if outcome.reason else "")

    def moved(self, task_id: str, state: str, reason: str) -> None:
        """Tell why a task will not run."""
        _log.info("%s: %s (%s)", task_id, state, reason)

    def summary(self, result: RunResult) -> None:
        """Print one line a task and one for the run."""
        width = max(map(len, result.task_states), default=0)
        lines = [self._line(task_id.ljust(width), task_id, result) for task_id in result.task_states]
        took = self._clock.monotonic() - self._began
        reason = result.reason.removeprefix(f"{result.state}: ")
        why = f" ({reason})" if reason else ""
        head = f"DAG {result.dag_id}: {result.state} in {took:.2f} s{why}"
        sys.stdout.write("\n".join([head, *lines, ""]))

    def _line(self, name: str, task_id: str, result: RunResult) -> str:
        state, tries = result.task_states[task_id], _tries(result.tries[task_id])
        return f"  {name}  {state:16} {tries} {self._took.get(task_id, 0.0):8.2f} s"


def _tries(count: int) -> str:
    return {0: "not started", 1: "1 try      "}.get(count, f"{count} tries    ")


def _seconds(outcome: Outcome) -> float:
    if outcome.started_at is None or outcome.ended_at is None:
        return 0.0
    began, ended = map(datetime.fromisoformat, (outcome.started_at, outcome.ended_at))
    return (ended - began).total_seconds()
