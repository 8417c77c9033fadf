"""Ids of traces and spans. The same run, task and attempt have the same ones in every process."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from scheduler.wire import Job


@dataclass(frozen=True, slots=True)
class TraceIds:
    """Makes ids; `secret` keeps those of two installations apart."""

    secret: bytes = field(repr=False)

    def trace(self, dag_id: str, run_id: str) -> int:
        """Return the id of a run's trace: 16 bytes, never 0."""
        return self._number(16, "trace", dag_id, run_id)

    def run(self, dag_id: str, run_id: str) -> int:
        """Return the id of its root span: 8 bytes, never 0."""
        return self._number(8, "run", dag_id, run_id)

    def task(self, dag_id: str, run_id: str, task_id: str, path: str) -> int:
        """Return the id of the span of a task instance; a rerun has the same one."""
        return self._number(8, "task", dag_id, run_id, task_id, path)

    def attempt(self, attempt_id: int) -> int:
        """Return the id of the span of an attempt."""
        return self._number(8, "attempt", str(attempt_id))

    def parent_header(self, job: Job) -> str:
        """Return what tells the code of an attempt its parent: W3C `traceparent`, sampled."""
        trace = self.trace(job.run.dag_id, job.run.run_id)
        return f"00-{trace:032x}-{self.attempt(job.attempt_id):016x}-01"

    def _number(self, size: int, *names: str) -> int:
        told = "\0".join(names).encode()
        return int.from_bytes(blake2b(told, digest_size=size, key=self.secret[:64]).digest(), "big") or 1
