"""What an attempt's outcome means for its task: done, tried again, or given up.

Only what the user's code did uses up a try. Of what happened to it, two things are told apart:

- a *loss*: what ran it died (worker killed, host gone, preloader killed). Perhaps the task itself did that, so it is
  given up after a few losses;
- a *stop*: its worker was stopped in order, as at each deploy. That is no sign against the task, so many are borne;
  but not any number, as a task may be what has its worker stopped.

A callback is not tried again when it fails, but runs again when it was lost or stopped: it may be what cleans up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from scheduler.clock import parse_instant
from scheduler.core.retry import retry_in
from scheduler.core.states import AttemptState, TaskState
from scheduler.wire import Outcome, TaskSpec

#: Losses since the task was started, or last ended by itself, before it is given up.
MAX_LOSSES = 5
#: Attempts of a task or callback that may be cut short in all before a stop is its last.
MAX_STOPS = 50


@dataclass(frozen=True, slots=True)
class Settled:
    """The states that a report or a loss leads to."""

    attempt: AttemptState
    task: TaskState
    reason: str = ""
    retry_at: datetime | None = None
    #: What ran it died.
    is_loss: bool = False


@dataclass(frozen=True, slots=True)
class SettledCallback:
    """The state that a callback's attempt ends in, and whether it runs again."""

    attempt: AttemptState
    is_again: bool = False


def settle(
    outcome: Outcome,
    task: TaskSpec,
    *,
    try_number: int,
    max_tries: int,
    losses: int,
    now: datetime,
    chance: float,
    cut_short: int = 0,
) -> Settled:
    """Decide where an attempt and its task go.

    `losses`: attempts lost before this one; `cut_short`: attempts that were lost or stopped, ever; `chance` in 0..1
    spreads the retry delay (`retry_jitter`).
    """
    match outcome.state:
        case "success":
            return Settled(AttemptState.SUCCESS, TaskState.SUCCESS)
        case "skipped":
            return Settled(AttemptState.SKIPPED, TaskState.SKIPPED, outcome.reason)
        case "reschedule":
            at = parse_instant(outcome.reschedule_at) if outcome.reschedule_at else now
            return Settled(AttemptState.DEFERRED, TaskState.UP_FOR_RESCHEDULE, outcome.reason, at)
        case "deferred" | "awaiting_input":
            return _settle_wait(outcome, now)
        case "cancelled":
            return _settle_stop(cut_short + 1, outcome.reason or "its worker stopped", now)
        case "lost":
            return settle_loss(losses + 1, outcome.reason, now)
        case "failed":
            is_last = not outcome.retryable or try_number >= max_tries
            # What was lost, stopped or put off raised both numbers, and is no try.
            failures = max(1, task.retries + 1 - (max_tries - try_number))
            retry_at = None if is_last else now + _delay(outcome, task, failures, chance)
            return _settle_failure(reason_of(outcome), retry_at)
        case unknown:
            assert_never(unknown)


def _settle_wait(outcome: Outcome, now: datetime) -> Settled:
    """The limit of a trigger is for its waiter to hold, that of a question for the planner."""
    timeout_s = outcome.question.timeout_s if outcome.question else None
    until = None if timeout_s is None else now + timedelta(seconds=timeout_s)
    return Settled(AttemptState.DEFERRED, TaskState(outcome.state), outcome.reason, until)


def _settle_failure(reason: str, retry_at: datetime | None) -> Settled:
    if retry_at is None:
        return Settled(AttemptState.FAILED, TaskState.FAILED, reason)
    return Settled(AttemptState.FAILED, TaskState.UP_FOR_RETRY, reason, retry_at)


def _delay(outcome: Outcome, task: TaskSpec, failures: int, chance: float) -> timedelta:
    """Return what the task's retry policy chose, else what its settings say after so many failed tries."""
    if outcome.retry_delay_s is not None:
        return timedelta(seconds=outcome.retry_delay_s)
    return retry_in(task, failures, chance)


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
        words = f"{reason}; given up after {losses} losses"
        return Settled(AttemptState.LOST, TaskState.FAILED, words, is_loss=True)
    return Settled(AttemptState.LOST, TaskState.UP_FOR_RETRY, reason, now, is_loss=True)


def _settle_stop(cut_short: int, reason: str, now: datetime) -> Settled:
    if cut_short > MAX_STOPS:
        words = f"{reason}; given up after {cut_short} attempts that were cut short"
        return Settled(AttemptState.LOST, TaskState.FAILED, words)
    return Settled(AttemptState.LOST, TaskState.UP_FOR_RETRY, reason, now)


def settle_callback(state: str, cut_short: int) -> SettledCallback:
    """Decide what follows when a callback's attempt ended in `state`; `cut_short` counts those before it."""
    match state:
        case "success":
            return SettledCallback(AttemptState.SUCCESS)
        case "lost":
            return SettledCallback(AttemptState.LOST, is_again=cut_short < MAX_LOSSES)
        case "cancelled":
            return SettledCallback(AttemptState.LOST, is_again=cut_short < MAX_STOPS)
        case _:
            return SettledCallback(AttemptState.FAILED)
