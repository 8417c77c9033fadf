"""The watchers of assets that a worker has taken: watched by its waiters as waits are, and never over by an event.

Their ids stand below zero, where no wait's does. An event is written in a transaction that the worker must still own
the watcher in; a worker that dies between an event and that loses the event, as whatever the trigger took with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from scheduler.clock import Clock
from scheduler.dispatch.hands import Watching
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import DatabaseUnavailable, DirigentError
from scheduler.runtime.waits import Wait, Waited
from scheduler.store.asset_watches import (
    WatchRow,
    claim_watches,
    drop_watches,
    end_watch,
    record_events,
    release_watches,
    watches_of,
)
from scheduler.store.engine import Database, Session
from scheduler.store.transaction import keep_quiet

log: Final = logging.getLogger(__name__)

#: Watchers taken at once.
BATCH: Final = 100
#: A trigger that ended by itself is watched anew after so long; one that failed, after longer.
AGAIN: Final = timedelta(seconds=1)
AFTER_ERROR: Final = timedelta(seconds=30)


class AssetWatching:
    """Takes watchers, has them watched, and writes what they tell. Lives on the waiter's thread."""

    def __init__(
        self,
        db: Database,
        plan: WorkerPlan,
        clock: Clock,
        watching: Callable[[], Watching],
        code_of: Callable[[str, int, int], tuple[str, str]],
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._watching = watching
        self._code_of = code_of
        self._held: dict[int, WatchRow] = {}
        self._untold: list[Waited] = []

    def release(self, session: Session) -> None:
        """Leave all to others."""
        release_watches(session, [self._plan.worker_id])

    def take(self, told: Sequence[Waited]) -> None:
        """Write what watchers told; once more at the next call where the database cannot be reached."""
        self._untold += told
        while self._untold:
            try:
                self._write(self._untold[0])
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("watchers: what one told cannot be recorded")
            del self._untold[0]

    def _write(self, told: Waited) -> None:
        row = self._held.get(-told.id)
        if row is None:
            return
        if told.goes_on:
            self._db.transact(partial(self._record, watch_id=row.id, told=told))
        else:
            self._db.transact(partial(self._end, watch_id=row.id, told=told))
            del self._held[row.id]

    def _record(self, session: Session, watch_id: int, told: Waited) -> None:
        record_events(session, self._clock.now(), self._plan.worker_id, [(watch_id, told.event)])

    def _end(self, session: Session, watch_id: int, told: Waited) -> None:
        if told.error:
            log.warning("watchers: %s", told.error)
        retry_at = self._clock.now() + (AFTER_ERROR if told.error else AGAIN)
        end_watch(session, self._plan.worker_id, watch_id, retry_at, told.error)

    def look_after(self) -> None:
        """Let go of what nobody wants or has other code now, free what dead workers held, and take what is free."""
        with self._db.read() as session:
            mine, is_any, gone = watches_of(session, self._clock.now(), self._plan.worker_id)
        over = [watch_id for watch_id, row in self._held.items() if mine.get(watch_id) != row.version_id]
        unknown = mine.keys() - self._held.keys()
        if over:
            self._watching().unwatch([-each for each in over])
            for watch_id in over:
                del self._held[watch_id]
        if over or unknown or gone:
            self._db.transact(partial(self._tidy, over=[*over, *unknown], gone=gone))
        if over or unknown or gone or is_any:
            self._claim()

    def _tidy(self, session: Session, over: Collection[int], gone: Collection[str]) -> None:
        keep_quiet(session)
        drop_watches(session, self._plan.worker_id, over)
        release_watches(session, gone)

    def _claim(self) -> None:
        taken = self._db.transact(
            lambda session: claim_watches(session, self._clock.now(), self._plan.worker_id, BATCH)
        )
        self._held |= {row.id: row for row in taken}
        found: list[Wait] = []
        for row in taken:
            try:
                found.append(self._wait_of(row))
            except (OSError, DirigentError) as error:
                self.take([Waited(id=-row.id, kind="error", error=f"its code is not to be had: {error}")])
        if found:
            self._watching().watch(found)

    def _wait_of(self, row: WatchRow) -> Wait:
        root, file = self._code_of(row.trigger, row.snapshot_id, row.version_id)
        name = f"a watcher of DAG {row.dag_id}"
        return Wait(
            id=-row.id,
            trigger=row.trigger,
            kwargs=row.kwargs,
            code_root=root,
            file=file,
            name=name,
            is_lasting=True,
        )
