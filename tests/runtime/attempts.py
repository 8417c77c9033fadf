"""What the tests of attempts share: a clock, a job, and a way to run one task."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduler.runtime.child.attempt import perform
from scheduler.sdk.dag import DAG
from scheduler.testing.local_channel import LocalChannel
from scheduler.wire import Job, Outcome, RunInfo

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)


class StandingClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Return the same instant each time."""
        return NOW

    def monotonic(self) -> float:
        """Return zero."""
        return 0.0


def job(task_id: str = "a", **more: Any) -> Job:
    """Return the job of one attempt."""
    moment = NOW.isoformat()
    run = RunInfo(
        dag_id="d",
        run_id=f"manual__{moment}",
        run_type="manual",
        logical_date=moment,
        data_interval_start=moment,
        data_interval_end=moment,
        run_after=moment,
        params=more.pop("params", {}),
        conf=more.pop("conf", {}),
    )
    root = str(Path(__file__).parent)
    return Job(
        attempt_id=7,
        epoch=2,
        kind=more.pop("kind", "task"),
        code_root=root,
        file="",
        run=run,
        task_id=task_id,
        **more,
    )


def attempt(dag: DAG, channel: LocalChannel | None = None, **more: Any) -> Outcome:
    """Run one attempt of task `a`, or of `task_id`."""
    asked = job(**more)
    used = channel or LocalChannel("d", {}, {})
    used.task_id = asked.task_id
    return perform(dag, asked, used, StandingClock())
