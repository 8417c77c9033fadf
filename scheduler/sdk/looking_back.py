"""What a task may know of runs before its own and of its own past: asked of the server, by the context's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scheduler.sdk.instance import TaskInstance, instant

#: Of the last run that ended well before this one's logical date: the context's name to the channel's.
_OF_A_RUN: Final = {
    "prev_data_interval_start_success": "data_interval_start",
    "prev_data_interval_end_success": "data_interval_end",
    "prev_start_date_success": "start_date",
    "prev_end_date_success": "end_date",
}


def find(name: str, instance: TaskInstance) -> Any:
    """Return a value of the context; None where there is nothing to look back at."""
    if name in _OF_A_RUN:
        return instant(instance.channel.previous_success().get(_OF_A_RUN[name]))
    return _OF_ITSELF[name](instance)


def _instances(instance: TaskInstance) -> int | None:
    """Return how many instances a mapped task has where it stands; None of one that is not mapped."""
    return instance.channel.instance_count() if instance.task.dimensions else None


def _reschedules(instance: TaskInstance) -> int:
    """Return how often this try was put off; who never was need not ask."""
    return 0 if instance.waiting_since is None else instance.channel.reschedule_count()


_OF_ITSELF: Final[dict[str, Callable[[TaskInstance], int | None]]] = {
    "expanded_ti_count": _instances,
    "task_reschedule_count": _reschedules,
}
