"""Starts attempts in the environment of their bundle's lock file. Those whose environment is being built wait for it.

They hold their slot and their lease meanwhile, and their logs show what the build says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock as Mutex
from typing import Final

from scheduler.clock import Clock
from scheduler.errors import DirigentError
from scheduler.logs.lines import DIRIGENT
from scheduler.logs.sink import LogSink
from scheduler.runtime.environments import Environments
from scheduler.runtime.lock_files import BadLock, Lock, read_lock
from scheduler.wire import ErrorInfo, Isolation, Job, Outcome

_log: Final = logging.getLogger(__name__)
#: Folders of code whose lock file is remembered.
_KEPT: Final = 64


@dataclass(slots=True)
class _Waiting:
    job: Job
    log: LogSink


class LockedStarts:
    """Between whoever launches an attempt and the supervisor that runs it."""

    def __init__(
        self,
        environments: Environments,
        lock_name: str,
        clock: Clock,
        *,
        start: Callable[[Job, LogSink], None],
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._environments = environments
        self._lock_name = lock_name
        self._clock = clock
        self._start = start
        self._on_outcome = on_outcome
        self._mutex = Mutex()
        self._locks: dict[str, Lock | None] = {}
        self._waiting: dict[str, list[_Waiting]] = {}
        self._builder = ThreadPoolExecutor(1, "environment")

    def launch(self, job: Job, log: LogSink) -> None:
        """Start an attempt, at once or when its environment stands. One that names an interpreter has that."""
        if job.isolation is not None and job.isolation.python is not None:
            self._start(job, log)
            return
        try:
            lock = self._lock_of(job.code_root)
        except (BadLock, OSError) as error:
            self._fail(_Waiting(job, log), str(error))
            return
        python = None if lock is None else self._environments.python_of(lock)
        if lock is None or python is not None:
            self._start(_within(job, python), log)
        else:
            self._wait(lock, _Waiting(job, log))

    def stop(self, attempt_id: int, reason: str) -> bool:
        """End an attempt that waits; false where none of this id does."""
        with self._mutex:
            found = [
                each
                for group in self._waiting.values()
                for each in group
                if each.job.attempt_id == attempt_id
            ]
            for group in self._waiting.values():
                group[:] = [each for each in group if each not in found]
        for each in found:
            self._end(
                each, Outcome(attempt_id=attempt_id, epoch=each.job.epoch, state="cancelled", reason=reason)
            )
        return bool(found)

    def close(self) -> None:
        """Build no more; what waits is handed back by whoever claimed it."""
        with self._mutex:
            self._waiting.clear()
        self._environments.close()
        self._builder.shutdown(cancel_futures=True)

    def _lock_of(self, code_root: str) -> Lock | None:
        if code_root not in self._locks:
            if len(self._locks) >= _KEPT:
                self._locks.clear()
            self._locks[code_root] = read_lock(Path(code_root), self._lock_name)
        return self._locks[code_root]

    def _wait(self, lock: Lock, attempt: _Waiting) -> None:
        name = self._lock_name
        attempt.log.line(
            "info", DIRIGENT, f"The environment of {name} is built first; this attempt waits for it."
        )
        attempt.log.flush()
        with self._mutex:
            is_first = lock.key not in self._waiting
            self._waiting.setdefault(lock.key, []).append(attempt)
        if is_first:
            self._builder.submit(self._build, lock)

    def _build(self, lock: Lock) -> None:
        try:
            python = self._environments.build(lock, self._clock.now(), lambda line: self._tell(lock, line))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: whoever waits would wait for ever
            why = _words(error)
            for each in self._taken(lock):
                self._fail(each, why)
        else:
            for each in self._taken(lock):
                self._begin(each, python)

    def _begin(self, attempt: _Waiting, python: Path) -> None:
        try:
            self._start(_within(attempt.job, python), attempt.log)
        except Exception as error:  # noqa: BLE001 - likewise; the others of this environment are to begin
            self._fail(attempt, _words(error))

    def _tell(self, lock: Lock, line: str) -> None:
        with self._mutex:
            for each in self._waiting.get(lock.key, []):
                each.log.line("info", DIRIGENT, line)
                each.log.flush()

    def _taken(self, lock: Lock) -> list[_Waiting]:
        with self._mutex:
            return self._waiting.pop(lock.key, [])

    def _fail(self, attempt: _Waiting, why: str) -> None:
        info = ErrorInfo(type="BuildFailed", message=why, line=why)
        job = attempt.job
        self._end(
            attempt,
            Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="failed", error=info, reason=why),
        )

    def _end(self, attempt: _Waiting, outcome: Outcome) -> None:
        attempt.log.close("error" if outcome.state == "failed" else "info", outcome.reason)
        self._on_outcome(outcome)


def _words(error: Exception) -> str:
    """Say why; of what is no error of a build, with its type, and with its traceback in the server's log."""
    if isinstance(error, DirigentError | OSError):
        return str(error)
    _log.error("An environment, or an attempt in it, met a defect.", exc_info=error)
    return f"{type(error).__name__}: {error}"


def _within(job: Job, python: Path | None) -> Job:
    if python is None:
        return job
    return replace(job, isolation=replace(job.isolation or Isolation(), python=str(python)))
