"""States of tasks, attempts and runs, and the one table of the moves between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TaskState(StrEnum):
    """State of a task instance; stored as text. The names are the field's."""

    #: In: the run was created, or the task was cleared. Out: the planner, once its trigger rule is decided.
    NONE = "none"
    #: In: planner, dependencies met. Out: planner, when limits and free slots admit it.
    SCHEDULED = "scheduled"
    #: In: planner, with a new attempt. Out: a worker's claim.
    QUEUED = "queued"
    #: In: claim. Out: the attempt's report, or the loss of its lease.
    RUNNING = "running"
    #: In: report, or a person's mark. Final.
    SUCCESS = "success"
    #: In: report without retries left, or a person's mark. Final.
    FAILED = "failed"
    #: In: report with retries left, or a lost attempt. Out: planner at `retry_at`.
    UP_FOR_RETRY = "up_for_retry"
    #: In: a sensor's report that asks to be called again. Out: planner at `retry_at`.
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    #: In: report of a task that waits without a slot. Out: its trigger fired.
    DEFERRED = "deferred"
    #: In: report of a task that asks a person. Out: an answer, or the planner at `retry_at`, when nobody has answered.
    AWAITING_INPUT = "awaiting_input"
    #: In: planner, the trigger rule can no longer be met because something upstream failed. Final.
    UPSTREAM_FAILED = "upstream_failed"
    #: In: planner or report. Final.
    SKIPPED = "skipped"
    #: In: planner, the task is no longer part of the graph of this run. Final.
    REMOVED = "removed"


class AttemptState(StrEnum):
    """State of one attempt of a task (or of a callback)."""

    #: In: planner. Out: claim, or cancel.
    QUEUED = "queued"
    #: In: claim. Out: report, loss of the lease.
    RUNNING = "running"
    #: The user's code returned. Final.
    SUCCESS = "success"
    #: The user's code raised, exited or was killed. Final.
    FAILED = "failed"
    #: The user's code asked to be skipped. Final.
    SKIPPED = "skipped"
    #: The lease ran out: its worker died or was cut off. Final; a late report is refused.
    LOST = "lost"
    #: A person cancelled the run, or marked or cleared the task meanwhile. Final.
    CANCELLED = "cancelled"
    #: The user's code waits without a slot and is called again. Final for this attempt.
    DEFERRED = "deferred"


class RunState(StrEnum):
    """State of a run."""

    #: In: created or rerun. Out: `max_active_runs` leaves room.
    QUEUED = "queued"
    #: In: started. Out: every task is final, or a person cancels.
    RUNNING = "running"
    #: No leaf failed. Final.
    SUCCESS = "success"
    #: A leaf failed, the run timed out, or a person cancelled. Final.
    FAILED = "failed"


class RunType(StrEnum):
    """What created a run."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BACKFILL = "backfill"
    ASSET_TRIGGERED = "asset_triggered"
    OPERATOR_TRIGGERED = "operator_triggered"
    ASSET_MATERIALIZATION = "asset_materialization"


_T = TaskState

#: A task may move from the key to each of the values. Everything else about moves is derived from this.
TASK_MOVES: Final[dict[TaskState, frozenset[TaskState]]] = {
    _T.NONE: frozenset({_T.SCHEDULED, _T.UPSTREAM_FAILED, _T.SKIPPED, _T.REMOVED, _T.SUCCESS, _T.FAILED}),
    _T.SCHEDULED: frozenset({_T.QUEUED, _T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED, _T.REMOVED}),
    _T.QUEUED: frozenset({_T.RUNNING, _T.SCHEDULED, _T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED, _T.REMOVED}),
    _T.RUNNING: frozenset(
        {
            _T.SUCCESS,
            _T.FAILED,
            _T.SKIPPED,
            _T.UP_FOR_RETRY,
            _T.UP_FOR_RESCHEDULE,
            _T.DEFERRED,
            _T.AWAITING_INPUT,
            _T.NONE,
            _T.QUEUED,
        }
    ),
    _T.UP_FOR_RETRY: frozenset({_T.SCHEDULED, _T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED}),
    _T.UP_FOR_RESCHEDULE: frozenset({_T.SCHEDULED, _T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED}),
    _T.DEFERRED: frozenset({_T.SCHEDULED, _T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED}),
    _T.AWAITING_INPUT: frozenset({_T.SCHEDULED, _T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED}),
    # Final states open only to an explicit rerun (-> none) or mark (-> success, failed, skipped).
    _T.SUCCESS: frozenset({_T.NONE, _T.FAILED, _T.SKIPPED}),
    _T.FAILED: frozenset({_T.NONE, _T.SUCCESS, _T.SKIPPED}),
    _T.UPSTREAM_FAILED: frozenset({_T.NONE, _T.SUCCESS, _T.FAILED, _T.SKIPPED}),
    _T.SKIPPED: frozenset({_T.NONE, _T.SUCCESS, _T.FAILED}),
    _T.REMOVED: frozenset({_T.NONE}),
}

#: Final: only an explicit rerun or mark opens them.
FINISHED: Final = frozenset({_T.SUCCESS, _T.FAILED, _T.UPSTREAM_FAILED, _T.SKIPPED, _T.REMOVED})
UNFINISHED: Final = frozenset(_T) - FINISHED
#: States in which a task occupies places in its pool and in its run's `max_active_tasks`.
OCCUPYING: Final = frozenset({_T.QUEUED, _T.RUNNING})
#: States that wait for an instant (`retry_at`), the last one for something else before.
WAITING_FOR_TIME: Final = frozenset({_T.UP_FOR_RETRY, _T.UP_FOR_RESCHEDULE, _T.AWAITING_INPUT})

LIVE_ATTEMPT: Final = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})
RUN_FINISHED: Final = frozenset({RunState.SUCCESS, RunState.FAILED})

RUN_MOVES: Final[dict[RunState, frozenset[RunState]]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.SUCCESS, RunState.FAILED}),
    RunState.RUNNING: frozenset({RunState.SUCCESS, RunState.FAILED, RunState.QUEUED}),
    RunState.SUCCESS: frozenset({RunState.QUEUED, RunState.FAILED}),
    RunState.FAILED: frozenset({RunState.QUEUED, RunState.SUCCESS}),
}

_A = AttemptState
ATTEMPT_MOVES: Final[dict[AttemptState, frozenset[AttemptState]]] = {
    _A.QUEUED: frozenset({_A.RUNNING, _A.CANCELLED}),
    _A.RUNNING: frozenset({_A.SUCCESS, _A.FAILED, _A.SKIPPED, _A.LOST, _A.CANCELLED, _A.DEFERRED, _A.QUEUED}),
    **{
        final: frozenset()
        for final in (_A.SUCCESS, _A.FAILED, _A.SKIPPED, _A.LOST, _A.CANCELLED, _A.DEFERRED)
    },
}


def states_before(to: TaskState) -> frozenset[TaskState]:
    """Return the states that a task may leave for `to`."""
    return frozenset(state for state, targets in TASK_MOVES.items() if to in targets)


def attempt_states_before(to: AttemptState) -> frozenset[AttemptState]:
    """Return the states that an attempt may leave for `to`."""
    return frozenset(state for state, targets in ATTEMPT_MOVES.items() if to in targets)


def run_states_before(to: RunState) -> frozenset[RunState]:
    """Return the states that a run may leave for `to`."""
    return frozenset(state for state, targets in RUN_MOVES.items() if to in targets)
