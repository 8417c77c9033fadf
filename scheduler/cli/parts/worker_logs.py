"""The logs that a worker writes: a file each, a copy in the database where others must read it, the archive."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.clock import Clock
from scheduler.config import Settings
from scheduler.logs.address import LogAddress
from scheduler.logs.copier import Batch, LogCopier
from scheduler.logs.mask import Masker
from scheduler.logs.pruner import LogPruner
from scheduler.logs.segments import first_position
from scheduler.logs.shipper import LogShipper, Target
from scheduler.logs.sink import Copy, LogSink
from scheduler.store.engine import Database, Session
from scheduler.store.logs import delete_logs, drop_chunks, put_chunks
from scheduler.vitals import Vitals
from scheduler.wire import Job

if TYPE_CHECKING:
    from scheduler.tracing.lines import Lines


class WorkerLogs:
    """Opens the log of each attempt, and looks after it when the attempt has ended. `live`: attempts that run here."""

    def __init__(
        self,
        db: Database,
        folder: Path,
        clock: Clock,
        settings: Settings,
        *,
        is_copied: bool,
        archive: Target | None,
        secrets: Collection[str],
        live: Callable[[], Collection[int]],
        vitals: Vitals | None = None,
        lines: Lines | None = None,
    ) -> None:
        self._db = db
        self._folder = folder
        self._clock = clock
        self._limit = settings.log_max_bytes
        self._known = Masker(secrets)
        self._shipper = LogShipper(archive, folder, self._forget_copies, vitals=vitals) if archive else None
        self._lines = lines
        self._copier = (
            LogCopier(
                self._write,
                on_copied=self._shipper.end if self._shipper else None,
                limit=settings.log_copy_max_bytes,
                vitals=vitals,
            )
            if is_copied
            else None
        )
        keep = timedelta(days=settings.log_retention_days)
        self._pruner = LogPruner(folder, clock, keep, live) if keep else None

    def start(self) -> None:
        """Begin to copy and to ship."""
        if self._shipper is not None:
            self._shipper.start()
        if self._copier is not None:
            self._copier.start()
        if self._pruner is not None:
            self._pruner.start()

    def close(self) -> None:
        """Copy and ship what waits, as far as that is possible now."""
        if self._pruner is not None:
            self._pruner.close()
        if self._copier is not None:
            self._copier.close()
        if self._shipper is not None:
            self._shipper.close()

    def open(self, job: Job) -> LogSink:
        """Open the log of an attempt."""
        address = LogAddress(
            dag_id=job.run.dag_id,
            run_id=job.run.run_id,
            attempt_id=job.attempt_id,
            task_id=job.task_id,
            path=job.path,
        )
        if self._shipper is not None:
            self._shipper.begin(address)
        sink = LogSink(
            address.file(self._folder),
            self._clock,
            start=first_position(job.epoch),
            limit=self._limit,
            copy=self._lines.copy_of(job, self._copy_of(job)) if self._lines else self._copy_of(job),
        )
        sink.masker.learn(self._known)
        return sink

    def _copy_of(self, job: Job) -> Copy | None:
        if self._copier is not None:
            return self._copier.copy_of(job.attempt_id, job.epoch)
        return _ShipAtEnd(self._shipper, job.attempt_id) if self._shipper else None

    def _write(self, batch: Batch) -> None:
        def write(session: Session) -> None:
            put_chunks(session, batch.chunks)
            drop_chunks(session, batch.dropped)

        self._db.transact(write)

    def _forget_copies(self, attempt_ids: Collection[int]) -> None:
        """Delete what the database has of logs that are in the archive now."""
        if self._copier is not None:
            self._db.transact(lambda session: delete_logs(session, attempt_ids))


@dataclass(frozen=True, slots=True)
class _ShipAtEnd:
    """Hears when a log that nobody copies is complete."""

    shipper: LogShipper
    attempt_id: int

    def write(self, position: int, data: bytes) -> None:
        """Leave it where it is."""

    def close(self) -> None:
        """Ship it."""
        self.shipper.end(self.attempt_id)
