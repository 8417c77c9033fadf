"""What a deferred task waits for in a test run: its trigger runs here, in this process."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from scheduler.runtime.child.watching import outcome_of
from scheduler.runtime.waits import Wait, Waited
from scheduler.sdk.channel import Channel
from scheduler.sdk.context import Attempt, running
from scheduler.testing.clocks import TestClock
from scheduler.testing.jumping_loop import InVain, run_leaping
from scheduler.wire import Data, Job, Outcome


def wait_here(job: Job, outcome: Outcome, channel: Channel, clock: TestClock) -> Data:
    """Run the trigger of a deferred attempt to its end; return what the task goes on with (`wire.Job.resume`)."""
    asked = outcome.deferral
    assert asked is not None
    now = clock.now()
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
    return asdict(_watch(wait, channel, clock)) | {
        "method": asked.method,
        "kwargs": asked.next_kwargs,
        "waited": outcome.reason.replace("waits for", "waited for", 1),
        "since": now.isoformat(),
        "timeout_s": asked.timeout_s,
        "said": [],
    }


def _watch(wait: Wait, channel: Channel, clock: TestClock) -> Waited:
    try:
        with running(Attempt({}, channel, clock)):
            return run_leaping(outcome_of(wait, channel), clock)
    except InVain as error:
        return Waited(id=wait.id, kind="error", error=f"{wait.trigger.rpartition('.')[2]} {error}")
