"""The one reader of events for all open pages of a process, and the pace at which these are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from typing import Final

from scheduler.clock import Clock
from scheduler.core.frontier import Frontier
from scheduler.core.scopes import Sight
from scheduler.errors import DirigentError
from scheduler.store import Database, Session
from scheduler.store.views.changes import Change, in_sight, list_changes, newest
from webui.live.wishes import Wish

log = logging.getLogger(__name__)

#: Not every commit wakes: a task that begins makes no work for the scheduler, but is seen on pages.
LOOK_S: Final = 0.25
#: Between two looks: a busy server is woken more often than anyone can see.
SPACING_S: Final = 0.1
#: Pages that are told in one turn, and at once after a rest. Each asks a question or two then, and all of them together
#: would wait for each other.
BATCH: Final = 2
BURST: Final = 10
#: Events that are read at once; who missed more is told to look without a count.
MANY: Final = 1_000
#: How often it is asked whether those who look may still look.
WELCOME_S: Final = 10.0
GOODBYE_S: Final = 2.0

#: Tells what somebody may see by now; None: nothing any more.
Look = Callable[[Session], Sight | None]


class Watcher:
    """One open page: what it shows, and who looks. It is the feed of its stream."""

    #: A comment.
    beat = b": \n\n"

    def __init__(
        self,
        hub: Hub,
        wish: Wish,
        after: int | None,
        sight: Sight,
        look: Look,
        account: str = "",
    ) -> None:
        self.account = account
        self.wish = wish
        self.sight = sight
        self.look = look
        #: The last event that the page was told of before it was cut off; None: it has just been loaded.
        self.after = after
        self._hub = hub
        self._send: Callable[[bytes], None] | None = None
        self._end: Callable[[], None] | None = None

    def attach(self, send: Callable[[bytes], None], end: Callable[[], None]) -> None:
        """Begin to be told."""
        self._send, self._end = send, end
        self._hub.enter(self)

    def detach(self) -> None:
        """Be told no more."""
        self._hub.leave(self)

    def greet(self, position: int) -> None:
        """Tell the page that it will hear of everything after this event, by which it names itself when it returns."""
        self._say(b"retry: 1000\nid: %d\nevent: hello\ndata: 1\n\n" % position)

    def ring(self, position: int) -> None:
        """Tell the page to look."""
        self._say(b"id: %d\nevent: change\ndata: 1\n\n" % position)

    def _say(self, text: bytes) -> None:
        if self._send is not None:
            self._send(text)

    def end(self) -> None:
        """Close the stream."""
        if self._end is not None:
            self._end()


class Hub:
    """All open pages of this process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._lock = Lock()
        self._watchers: set[Watcher] = set()
        self._new: list[Watcher] = []
        self._due: dict[Watcher, None] = {}
        self._frontier = Frontier(0)
        self._assets = 0
        self._asked_at = 0.0
        self._credit = BURST
        self._is_behind = False
        self._reader: tuple[Thread, Event] | None = None

    @property
    def count(self) -> int:
        """How many pages are open."""
        return len(self._watchers)

    def count_of(self, account: str) -> int:
        """How many of them an account has open."""
        return sum(each.account == account for each in self._all())

    def enter(self, watcher: Watcher) -> None:
        """Tell this page too, from now on."""
        with self._lock:
            self._watchers.add(watcher)
            self._new.append(watcher)
            if self._reader is None:
                over = Event()
                thread = Thread(target=self._run, args=(over,), name="dirigent-live", daemon=True)
                self._reader = thread, over
                thread.start()
        self._db.wake.set()

    def leave(self, watcher: Watcher) -> None:
        """Tell this page no more. After the last one nothing is read any more when this returns."""
        with self._lock:
            self._watchers.discard(watcher)
            self._due.pop(watcher, None)
            if self._watchers or self._reader is None:
                return
            (thread, over), self._reader = self._reader, None
        over.set()
        self._db.wake.set()
        thread.join(GOODBYE_S)

    def _run(self, over: Event) -> None:
        is_begun = False
        while not over.is_set():
            try:
                if not is_begun:
                    self._begin()
                    is_begun = True
                self._turn()
            except Exception as error:
                if not self._is_behind:
                    is_known = isinstance(error, DirigentError)
                    log.warning("open pages are not told what happens: %s", error, exc_info=not is_known)
                # What it has read until then is lost to those who were not told of it.
                self._is_behind = True
            over.wait(SPACING_S)
            if not (self._due or over.is_set()):
                self._db.wake.wait(LOOK_S)

    def _begin(self) -> None:
        with self._db.read() as session:
            events, self._assets = newest(session)
        self._frontier = Frontier(events)

    def _turn(self) -> None:
        with self._lock:
            arrived = list(self._new)
        with self._db.read() as session:
            changes = self._look(session)
            self._mark(session, changes)
            for watcher in arrived:
                watcher.greet(self._frontier.position)
                self._catch_up(session, watcher)
            self._renew(session)
        with self._lock:
            del self._new[: len(arrived)]
        self._ring()

    def _look(self, session: Session) -> list[Change]:
        frontier, now_s = self._frontier, self._clock.monotonic()
        found = list(list_changes(session, frontier.top, frontier.gaps, MANY))
        for change in found:
            frontier.pass_by(change.id, now_s)
        frontier.give_up(now_s)
        events, assets = newest(session)
        if events < frontier.top:
            # The last ones were deleted, or a backup was restored: what comes next may have numbers that were passed.
            self._frontier, self._is_behind = Frontier(events), True
        if assets != self._assets:
            self._assets = assets
            found.append(Change(0, "", ""))
        return found

    def _mark(self, session: Session, changes: Sequence[Change]) -> None:
        """Note which pages are to be told: all of them where it is not known what was missed."""
        watchers = self._all()
        if self._is_behind:
            for watcher in watchers:
                self._owe(watcher)
            self._is_behind = False
        if not changes:
            return
        seen = {sight: in_sight(session, changes, sight) for sight in {each.sight for each in watchers}}
        for watcher in watchers:
            if watcher.wish.is_met_by(seen[watcher.sight]):
                self._owe(watcher)

    def _catch_up(self, session: Session, watcher: Watcher) -> None:
        """Tell a page that was cut off of what it missed."""
        if watcher.after is None:
            return
        missed = list_changes(session, watcher.after, (), MANY)
        if len(missed) == MANY or watcher.wish.is_met_by(in_sight(session, missed, watcher.sight)):
            self._owe(watcher)

    def _renew(self, session: Session) -> None:
        """Ask what those who look may see by now, and end the streams of those who were signed out or disabled."""
        now_s = self._clock.monotonic()
        if now_s - self._asked_at < WELCOME_S:
            return
        self._asked_at = now_s
        for watcher in self._all():
            sight = watcher.look(session)
            if sight is None:
                watcher.end()
            else:
                watcher.sight = sight

    def _all(self) -> list[Watcher]:
        with self._lock:
            return list(self._watchers)

    def _owe(self, watcher: Watcher) -> None:
        with self._lock:
            if watcher in self._watchers:
                self._due[watcher] = None

    def _ring(self) -> None:
        """Tell those who have waited longest."""
        position = self._frontier.position
        self._credit = min(BURST, self._credit + BATCH)
        while self._credit > 0:
            with self._lock:
                watcher = next(iter(self._due), None)
                if watcher is None:
                    return
                del self._due[watcher]
            self._credit -= 1
            watcher.ring(position)
