"""Tells listeners of plugins what happened: after its commit, in order, at least once, and in nobody's way.

Each plugin has a thread of its own, so that one that hangs holds up no other; how far it has come stands in the
database. Whoever leads tells.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from threading import Event, Thread
from typing import Any, Final

from scheduler.clock import Clock
from scheduler.core.frontier import Frontier
from scheduler.errors import DirigentError
from scheduler.loop.hearsay import Saying, sayings_of
from scheduler.plugins.loading import Listener
from scheduler.store.engine import Database
from scheduler.store.listeners import Happening, Stream, begin, keep_error, keep_position, read_stream

log = logging.getLogger(__name__)

POLL_S: Final = 5.0
#: Between two looks: a busy server is woken more often than anyone need hear.
SPACING_S: Final = 0.2
#: Rows that are read at once; after each such batch it is noted how far a listener has come.
BATCH: Final = 200
#: A call that takes longer is told of on the page.
PATIENCE_S: Final = 30.0
_COMPONENT: Final = {"component": "scheduler"}
_STREAMS: Final[tuple[Stream, ...]] = ("events", "asset_events")


class Listening:
    """The listeners of all plugins, while this process leads."""

    def __init__(self, db: Database, clock: Clock, listeners: Sequence[Listener]) -> None:
        self._stopping = Event()
        self.lanes = [Lane(db, clock, each, self._stopping) for each in listeners]
        self._watch = Thread(target=self._look_after, name="listeners", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        for lane in self.lanes:
            lane.start()
        self._watch.start()

    def close(self) -> None:
        """Stop; a call that hangs is not waited for."""
        self._stopping.set()
        for lane in self.lanes:
            lane.close()

    def _look_after(self) -> None:
        while not self._stopping.wait(POLL_S):
            for lane in self.lanes:
                lane.complain()


class Lane:
    """What one plugin hears."""

    def __init__(self, db: Database, clock: Clock, listener: Listener, stopping: Event) -> None:
        self._db = db
        self._clock = clock
        self._listener = listener
        self._stopping = stopping
        self._frontiers: dict[Stream, Frontier] = {}
        self._busy: tuple[str, float] | None = None
        self._thread = Thread(target=self._run, name=f"listener-{listener.name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Wait for a moment until it has ended."""
        self._db.wake.set()
        self._thread.join(1.0)

    def begin(self) -> None:
        """Read how far it came."""
        found = self._db.transact(lambda session: begin(session, self._clock.now(), self._listener.name))
        self._frontiers = {stream: Frontier(position) for stream, position in found.items()}

    def tell(self) -> int:
        """Tell all that is new; return how many rows there were."""
        return sum(self._tell(stream, self._frontiers[stream]) for stream in _STREAMS)

    def complain(self) -> None:
        """Note a call that has not come back for long, so that people see what their events wait for."""
        busy = self._busy
        if busy is None or self._clock.monotonic() - busy[1] < PATIENCE_S:
            return
        self._busy = None
        self._note(f"{busy[0]}() has not returned for {PATIENCE_S:g} s; what happened since waits for it")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._frontiers:
                    self.begin()
                    self._say(Saying("on_starting", _COMPONENT))
                if self.tell() >= BATCH:
                    continue
            except DirigentError as error:
                log.warning("listener %s: %s", self._listener.name, error)
            except Exception:
                log.exception("listener %s: what happened could not be read", self._listener.name)
            self._db.wake.wait(POLL_S)
            self._stopping.wait(SPACING_S)
        self._say(Saying("before_stopping", _COMPONENT))

    def _tell(self, stream: Stream, frontier: Frontier) -> int:
        with self._db.read() as session:
            rows = read_stream(session, stream, frontier.top, frontier.gaps, BATCH)
        before = frontier.position
        for row in rows:
            if self._stopping.is_set():
                break
            self._tell_one(row)
            frontier.pass_by(row.id, self._clock.monotonic())
        frontier.give_up(self._clock.monotonic())
        if frontier.position != before:
            position, name = frontier.position, self._listener.name
            self._db.transact(lambda session: keep_position(session, name, stream, position))
        return len(rows)

    def _tell_one(self, row: Happening) -> None:
        for saying in sayings_of(row):
            self._say(saying)

    def _say(self, saying: Saying) -> None:
        call = self._listener.calls.get(saying.hook)
        if call is not None:
            self._call(saying, call.arguments, call.function)

    def _call(self, saying: Saying, arguments: Sequence[str], function: Any) -> None:  # noqa: ANN401
        given: Mapping[str, Any] = saying.arguments
        self._busy = (saying.hook, self._clock.monotonic())
        try:
            function(**{name: given[name] for name in arguments if name in given})
        except (Exception, SystemExit) as error:
            log.exception("listener %s: %s failed", self._listener.name, saying.hook)
            self._note(f"{saying.hook}() raised {type(error).__name__}: {error}")
        finally:
            self._busy = None

    def _note(self, error: str) -> None:
        name = self._listener.name
        self._db.transact(lambda session: keep_error(session, self._clock.now(), name, error))
