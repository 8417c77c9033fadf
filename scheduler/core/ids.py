"""Ids: which are allowed, those of runs that Dirigent makes, the key of a task instance in its run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from scheduler.core.states import RunType
from scheduler.errors import BadId

MAX_LENGTH: Final = 250
_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,249}", re.ASCII)
_RUN_ID: Final = re.compile(r"[A-Za-z0-9_:+~@-][A-Za-z0-9_.:+~@-]{0,249}", re.ASCII)


class TaskKey(NamedTuple):
    """One task instance of a run. `path` is empty, `3` or `3.1` for plain, mapped and nested instances."""

    task_id: str
    path: str = ""


def named(task_id: str, path: str) -> str:
    """Return what people read of a task instance: `task`, or `task[3]`."""
    return f"{task_id}[{path}]" if path else task_id


def check_id(what: str, value: object) -> str:
    """Return a dag_id, task_id or group_id that may be used; raises BadId that calls it `what`."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BadId(what, value)
    return value


def check_run_id(value: object) -> str:
    """Return a run_id that may be used; raises BadId. It becomes part of paths and URLs: no `/`, no `..`."""
    if not isinstance(value, str) or not _RUN_ID.fullmatch(value) or ".." in value:
        raise BadId("run_id", value, also=", ':', '+', '~', '@'")
    return value


def check_own_run_id(value: object) -> str:
    """Return a run_id that somebody may choose; raises BadId for `~`, and for what a schedule will need."""
    run_id = check_run_id(value)
    if run_id == "~":
        raise BadId("run_id", value, also="; '~' stands for all runs")
    if run_id.startswith(f"{RunType.SCHEDULED}__"):
        raise BadId("run_id", value, also="; 'scheduled__' is kept for the schedule")
    return run_id


def scheduled_run_id(instant: datetime) -> str:
    """Return the id of the run that a schedule creates for `instant`."""
    return _dated(RunType.SCHEDULED, instant)


def manual_run_id(instant: datetime) -> str:
    """Return the id of the run that a person or program triggers at `instant`."""
    return _dated(RunType.MANUAL, instant)


def backfill_run_id(instant: datetime) -> str:
    """Return the id of the run that a backfill creates for `instant`."""
    return _dated(RunType.BACKFILL, instant)


def asset_run_id(instant: datetime, event_id: int, place: int = 0) -> str:
    """Return the id of the run that events begin, the last of which is this one; `place`: of several by partitions."""
    return f"{_dated(RunType.ASSET_TRIGGERED, instant)}_{event_id}" + (f"_{place}" if place else "")


def asset_key(event_id: int, partition_key: str = "") -> str:
    """Return the trigger key by which an event is the last of one batch only, for each partition that it counts for."""
    return f"asset:{event_id}:{partition_key}" if partition_key else f"asset:{event_id}"


def schedule_key(instant: datetime) -> str:
    """Return the trigger key by which the database admits one run an instant of a schedule."""
    return f"schedule:{instant.astimezone(UTC).isoformat()}"


def manual_key(idempotency_key: str) -> str:
    """Return the trigger key of a manual run: of its run_id, or of the key that its caller gave."""
    return f"manual:{idempotency_key}"


def _dated(run_type: RunType, instant: datetime) -> str:
    return f"{run_type}__{instant.astimezone(UTC).isoformat()}"
