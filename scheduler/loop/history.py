"""Retention: once an hour the leader deletes what its policy calls old, on a thread of its own."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Final

from scheduler.clock import Clock
from scheduler.errors import DirigentError
from scheduler.operations.history import Archive, Policy, Pruned, Pruner, Values
from scheduler.store.engine import Database

log: Final = logging.getLogger(__name__)
#: A start is busy enough without it.
FIRST_AFTER_S: Final = 60.0
EVERY_S: Final = 3600.0
_CLOSE_S: Final = 10.0


class History:
    """Prunes while it is open. Two at once harm nothing: what one holds, the other passes over."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        policy: Policy,
        archive: Archive | None,
        values: Values | None = None,
    ) -> None:
        self._clock = clock
        self._closing = Event()
        self._pruner = Pruner(db, policy, archive, self._closing.wait, values)
        self._thread = Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the transaction that is under way."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def look(self) -> Pruned:
        """Delete what is old by now; return what went. What could not be archived stays until the next look."""
        try:
            pruned = self._pruner.prune(self._clock.now())
        except DirigentError as error:
            log.warning("Old history was not deleted; it is kept until the next look: %s", error)
            return Pruned()
        if pruned.runs or pruned.events:
            count = sum(pruned.runs.values())
            log.info(
                "%s old runs with %s tasks, and %s events, were deleted", count, pruned.tasks, pruned.events
            )
        return pruned

    def _run(self) -> None:
        wait_s = FIRST_AFTER_S
        while not self._closing.wait(wait_s):
            wait_s = EVERY_S
            try:
                self.look()
            except Exception:
                log.exception("Old history was not deleted")
