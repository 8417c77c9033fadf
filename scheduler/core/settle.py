"""What an attempt's outcome means for its task: done, tried again, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from scheduler.clock import parse_instant
from scheduler.core.retry import retry_in
from scheduler.core.states import AttemptState, TaskState
from scheduler.wire import Outcome, TaskSpec

#: Attempts that may be lost (worker killed, host gone) before the task is given up; they do not use up retries.
MAX_LOSSES = 5


@dataclass(frozen=True, slots=True)
class Settled:
    """The states that a report or a loss leads to."""

    attempt: AttemptState
    task: TaskState
    reason: str = ""
    retry_at: datetime | None = None


def settle(
    outcome: Outcome,
    task: TaskSpec,
    *,
    try_number: int,
    max_tries: int,
    losses: int,
    now: datetime,
    chance: float,
) -> Settled:
    """Decide where an attempt and its task go.

    `losses`: attempts lost before this one; `chance` in 0..1 spreads the retry delay (`retry_jitter`).
    """
    match outcome.state:
        case "success":
            return Settled(AttemptState.SUCCESS, TaskState.SUCCESS)
        case "skipped":
            return Settled(AttemptState.SKIPPED, TaskState.SKIPPED, outcome.reason)
        case "reschedule":
            at = parse_instant(outcome.reschedule_at) if outcome.reschedule_at else now
            return Settled(AttemptState.DEFERRED, TaskState.UP_FOR_RESCHEDULE, outcome.reason, at)
        case "cancelled":
            return Settled(
                AttemptState.LOST, TaskState.UP_FOR_RETRY, outcome.reason or "its worker stopped", now
            )
        case "lost":
            return settle_loss(losses + 1, outcome.reason, now)
        case "failed":
            reason = reason_of(outcome)
            if not outcome.retryable or try_number >= max_tries:
                return Settled(AttemptState.FAILED, TaskState.FAILED, reason)
            retry_at = now + retry_in(task, try_number, chance)
            return Settled(AttemptState.FAILED, TaskState.UP_FOR_RETRY, reason, retry_at)
        case unknown:
            assert_never(unknown)


def reason_of(outcome: Outcome) -> str:
    """Return the one line that lists show for an outcome that is not a success."""
    if outcome.reason:
        return outcome.reason
    if outcome.error is None:
        return ""
    return outcome.error.line or f"{outcome.error.type}: {outcome.error.message}"


def settle_loss(losses: int, reason: str, now: datetime) -> Settled:
    """Decide what follows when an attempt died with what ran it; `losses` counts this one."""
    if losses > MAX_LOSSES:
        return Settled(AttemptState.LOST, TaskState.FAILED, f"{reason}; given up after {losses} losses")
    return Settled(AttemptState.LOST, TaskState.UP_FOR_RETRY, reason, now)
