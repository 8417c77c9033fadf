"""States under Airflow's names; the words are the same."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TaskInstanceState(StrEnum):
    """States of a task instance."""

    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    AWAITING_INPUT = "awaiting_input"


class TerminalTIState(StrEnum):
    """States in which a task instance ends."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    REMOVED = "removed"


class IntermediateTIState(StrEnum):
    """States between those in which it begins and ends."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RESTARTING = "restarting"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    DEFERRED = "deferred"
    AWAITING_INPUT = "awaiting_input"


class DagRunState(StrEnum):
    """States of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class JobState(StrEnum):
    """States of Airflow's processes."""

    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"


class DagRunType(StrEnum):
    """How runs come to be."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    BACKFILL_JOB = "backfill"
    ASSET_TRIGGERED = "asset_triggered"
    DATASET_TRIGGERED = "asset_triggered"


class State:
    """All states under one roof, as Airflow 1 and 2 write them."""

    NONE: Final = None
    REMOVED: Final = TaskInstanceState.REMOVED
    SCHEDULED: Final = TaskInstanceState.SCHEDULED
    QUEUED: Final = TaskInstanceState.QUEUED
    RUNNING: Final = TaskInstanceState.RUNNING
    SUCCESS: Final = TaskInstanceState.SUCCESS
    FAILED: Final = TaskInstanceState.FAILED
    UP_FOR_RETRY: Final = TaskInstanceState.UP_FOR_RETRY
    UP_FOR_RESCHEDULE: Final = TaskInstanceState.UP_FOR_RESCHEDULE
    UPSTREAM_FAILED: Final = TaskInstanceState.UPSTREAM_FAILED
    SKIPPED: Final = TaskInstanceState.SKIPPED
    DEFERRED: Final = TaskInstanceState.DEFERRED
    AWAITING_INPUT: Final = TaskInstanceState.AWAITING_INPUT
    SHUTDOWN: Final = "shutdown"
    RESTARTING: Final = TaskInstanceState.RESTARTING
    task_states: Final = (None, *TaskInstanceState)
    dag_states: Final = tuple(DagRunState)
    finished: Final = frozenset(TaskInstanceState(each) for each in TerminalTIState)
    unfinished: Final = frozenset(
        {None, TaskInstanceState.RUNNING, *map(TaskInstanceState, IntermediateTIState)}
    )
    failed_states: Final = frozenset({TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED})
    success_states: Final = frozenset({TaskInstanceState.SUCCESS, TaskInstanceState.SKIPPED})


class ArgNotSet:
    """Stands for an argument that was not given."""


NOTSET: Final = ArgNotSet()
#: Stands for an argument whose value is only known when the task runs.
SET_DURING_EXECUTION: Final = ArgNotSet()
