"""Programs that wait for something, and the one thread that looks for all of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Final

from scheduler.errors import DirigentError

log = logging.getLogger(__name__)

#: Between two looks for one who waits, at least.
LEAST_S: Final = 0.25
GOODBYE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found: what to say of it, and whether it was waited for."""

    text: bytes
    is_end: bool = False


#: How much of the time is for the looks of one account: who waits for many runs, waits longer for each.
SHARE: Final = 0.1


class Pace:
    """When an account may have somebody look again."""

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._free_at: dict[str, float] = {}

    def free_at(self, account: str) -> float:
        """Return from when on it may."""
        return self._free_at.get(account, 0.0)

    def note(self, account: str, began_at: float, ended_at: float) -> None:
        """Note a look."""
        self._free_at[account] = began_at + (ended_at - began_at) / self._share

    def keep(self, accounts: set[str]) -> None:
        """Forget all others."""
        for gone in self._free_at.keys() - accounts:
            del self._free_at[gone]


#: Looks once; an error of ours is passed over until the next look.
Look = Callable[[], Seen]


class Wait:
    """One who waits. It is the feed of its answer."""

    def __init__(self, waits: Waits, account: str, interval_s: float, look: Look, beat: bytes) -> None:
        self.account = account
        self.interval_s = max(LEAST_S, interval_s)
        self.beat = beat
        self.due_at = 0.0
        self._look = look
        self._waits = waits
        self._send: Callable[[bytes], None] | None = None
        self._end: Callable[..., None] | None = None

    def attach(self, send: Callable[[bytes], None], end: Callable[..., None]) -> None:
        """Begin to be told."""
        self._send, self._end = send, end
        self._waits.enter(self)

    def detach(self) -> None:
        """Be told no more."""
        self._waits.leave(self)

    def ask(self) -> None:
        """Look once, and say what was found."""
        try:
            seen = self._look()
        except DirigentError as error:
            log.warning("who waits is told nothing for now: %s", error)
            return
        if seen.is_end:
            self.end(seen.text)
        elif self._send is not None and seen.text:
            self._send(seen.text)

    def end(self, last: bytes = b"") -> None:
        """Say the last, and close."""
        self._waits.leave(self)
        if self._end is not None:
            self._end(last)


class Waits:
    """All who wait at this process. The thread begins with the first of them and ends with the last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waits: set[Wait] = set()
        self._news = Event()
        self._thread: Thread | None = None
        self._pace = Pace()

    def count_of(self, account: str) -> int:
        """Count those of an account."""
        with self._lock:
            return sum(each.account == account for each in self._waits)

    def enter(self, wait: Wait) -> None:
        """Look for this one too, at once."""
        with self._lock:
            self._waits.add(wait)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="dirigent-waits", daemon=True)
                self._thread.start()
        self._news.set()

    def leave(self, wait: Wait) -> None:
        """Look for this one no more."""
        with self._lock:
            self._waits.discard(wait)
        self._news.set()

    def _run(self) -> None:
        while (pause_s := self._turn()) is not None:
            self._news.wait(pause_s)
            self._news.clear()

    def _turn(self) -> float | None:
        """Look for those whose time has come; return for how long nobody's comes, None where nobody waits."""
        for wait in self._due():
            self._look_for(wait)
        with self._lock:
            self._pace.keep({each.account for each in self._waits})
            if not self._waits:
                self._thread = None
                return None
            return max(0.0, min(map(self._time_of, self._waits)) - time.monotonic())

    def _look_for(self, wait: Wait) -> None:
        began_at = time.monotonic()
        if self._time_of(wait) > began_at:
            return
        try:
            wait.ask()
        except Exception:
            log.exception("a wait of %s ends, as nobody could look", wait.account)
            wait.end()
        ended_at = time.monotonic()
        wait.due_at = ended_at + wait.interval_s
        self._pace.note(wait.account, began_at, ended_at)

    def _time_of(self, wait: Wait) -> float:
        return max(wait.due_at, self._pace.free_at(wait.account))

    def _due(self) -> list[Wait]:
        """Return those whose time has come, who has waited longest first."""
        now_s = time.monotonic()
        with self._lock:
            due = [each for each in self._waits if self._time_of(each) <= now_s]
        return sorted(due, key=lambda each: each.due_at)
