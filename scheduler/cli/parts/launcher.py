"""What a worker starts attempts by: the log of each, its traces, and the supervisor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.cli.parts.locked_starts import LockedStarts
from scheduler.cli.parts.worker_logs import WorkerLogs
from scheduler.runtime.supervisor.supervisor import Supervisor
from scheduler.wire import Job

if TYPE_CHECKING:
    from scheduler.cli.parts.large_values import LargeValues
    from scheduler.tracing.collector import Collected


class Launcher:
    """Opens the log of an attempt and hands both to the supervisor (dispatch.hands.Launcher)."""

    def __init__(
        self,
        logs: WorkerLogs,
        supervisor: Supervisor,
        collected: Collected | None,
        locked: LockedStarts | None = None,
        values: LargeValues | None = None,
    ) -> None:
        self._logs = logs
        self._supervisor = supervisor
        self._collected = collected
        self._locked = locked
        self._values = values

    def launch(self, job: Job) -> None:
        """Start an attempt; its outcome arrives at the worker."""
        if self._collected is not None:
            job = replace(job, env=job.env | self._collected.traces.parent_of(job))
        if self._values is not None:
            self._values.note(job)
        launch = self._supervisor.launch if self._locked is None else self._locked.launch
        launch(job, self._logs.open(job))

    def stop(self, attempt_id: int, reason: str, within_s: float | None = None) -> None:
        """Stop an attempt; its outcome still arrives."""
        if self._locked is None or not self._locked.stop(attempt_id, reason):
            self._supervisor.stop(attempt_id, reason, within_s)

    def hold(self, until: float) -> None:
        """Let attempts live until an instant of the monotonic clock, and no longer unless it is put off again."""
        self._supervisor.hold(until)

    def warm(self, code_root: Path, file: str) -> None:
        """Import a DAG file before an attempt of it is asked for, unless another interpreter will."""
        if self._locked is None:
            self._supervisor.warm(str(code_root), file)
