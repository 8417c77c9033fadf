"""What a task's retry policy makes of a failure."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.wire import Job, Outcome

_log: Final = logging.getLogger("dirigent.attempt")


def ask_policy(
    outcome: Outcome, error: BaseException | None, task: BaseOperator, job: Job, context: Context
) -> Outcome:
    """Return the outcome as the policy wants it; as it is where none is to be asked, or where it raises."""
    policy: Any = task.retry_policy
    if policy is None or error is None or outcome.state != "failed" or not outcome.retryable:
        return outcome
    max_tries = task.retries + 1
    try_number = max(1, max_tries - (job.max_tries - job.try_number))
    try:
        decision = policy.evaluate(error, try_number, max_tries, context)
        action, delay, reason = str(decision.action), decision.retry_delay, decision.reason
    except Exception:  # noqa: BLE001 - a policy is user code: without it the task's own settings hold
        _log.exception("retry_policy failed; the task's own settings hold.")
        return outcome
    words = f"{outcome.reason}; retry_policy: {reason}" if reason else outcome.reason
    if action == "fail":
        return replace(outcome, retryable=False, reason=words)
    return replace(outcome, retry_delay_s=_seconds(delay) if action == "retry" else None, reason=words)


def _seconds(delay: timedelta | float | None) -> float | None:
    return delay.total_seconds() if isinstance(delay, timedelta) else delay
