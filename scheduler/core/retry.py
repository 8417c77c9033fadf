"""How long a failed task waits before it is tried again."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from scheduler.wire import TaskSpec

#: The cap of a growing delay whose author gave none, as in Airflow.
GROWTH_CAP_S: Final = 24 * 3600.0
#: No delay is longer, whatever its author wrote; keeps instants within the calendar.
LONGEST_S: Final = 10 * 365 * 24 * 3600.0


def retry_in(task: TaskSpec, try_number: int, chance: float) -> timedelta:
    """Return the delay after the failed try `try_number` (1 = the first).

    `chance` (0..1) places the delay within its jitter. `max_retry_delay_s` is never exceeded, jitter
    included: near the cap the jitter spreads downward, so that tasks that failed together do not come back
    together.
    """
    cap = min(_cap(task), LONGEST_S)
    delay = min(_grown(task, try_number), cap)
    spread = delay * min(max(task.retry_jitter, 0.0), 1.0)
    return timedelta(seconds=min(delay, cap - spread) + spread * chance)


def _cap(task: TaskSpec) -> float:
    if task.max_retry_delay_s is not None:
        return max(task.max_retry_delay_s, 0.0)
    return GROWTH_CAP_S if task.retry_backoff else LONGEST_S


def _grown(task: TaskSpec, try_number: int) -> float:
    """Multiply by the factor once a try; infinity where a float ends, which the cap then bounds."""
    if not task.retry_backoff or task.retry_delay_s <= 0:
        return max(task.retry_delay_s, 0.0)
    exponent = math.log(task.retry_delay_s) + (try_number - 1) * math.log(task.retry_backoff)
    return math.exp(exponent) if exponent < 700 else math.inf
