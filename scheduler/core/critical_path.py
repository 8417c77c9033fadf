"""Which tasks a run took its time for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime


def critical_path(upstream: Mapping[str, Collection[str]], ends: Mapping[str, datetime]) -> tuple[str, ...]:
    """Return the tasks, in order, each of which began no sooner than the one before it had ended.

    It is walked back from the task that ended last, each time to the direct upstream that ended last; a task that
    has not begun is not in `ends`. Making any other task faster does not end the run sooner.
    """
    if not ends:
        return ()
    task_id = max(ends, key=lambda each: (ends[each], each))
    path = [task_id]
    while before := [each for each in upstream.get(task_id, ()) if each in ends and each not in path]:
        task_id = max(before, key=lambda each: (ends[each], each))
        path.append(task_id)
    return tuple(reversed(path))
