"""What a deferred task waits for in a test run: its trigger runs here, in this process."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from scheduler.operators.python import run_coroutine
from scheduler.runtime.child.watching import outcome_of
from scheduler.runtime.waits import Wait
from scheduler.sdk.variables import Reader, reading_from
from scheduler.wire import Data, Job, Outcome


def wait_here(job: Job, outcome: Outcome, reader: Reader, now: datetime) -> Data:
    """Run the trigger of a deferred attempt to its end; return what the task goes on with (`wire.Job.resume`)."""
    asked = outcome.deferral
    assert asked is not None
    timeout_at = None if asked.timeout_s is None else now + timedelta(seconds=asked.timeout_s)
    wait = Wait(
        id=0,
        trigger=asked.trigger,
        kwargs=asked.kwargs,
        code_root=job.code_root,
        file=job.file,
        timeout_at=timeout_at.isoformat() if timeout_at else None,
        name=job.task_id,
    )
    with reading_from(reader):
        waited = run_coroutine(outcome_of(wait, reader))
    return asdict(waited) | {
        "method": asked.method,
        "kwargs": asked.next_kwargs,
        "waited": outcome.reason.replace("waits for", "waited for", 1),
        "since": now.isoformat(),
        "timeout_s": asked.timeout_s,
        "said": [],
    }
