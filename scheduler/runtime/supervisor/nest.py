"""The supervisor's view of one preloader: who waits for its import, who runs in it, and what it takes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from scheduler.logs.mask import Masker
from scheduler.runtime import kernel
from scheduler.runtime.accounts import Account
from scheduler.runtime.sockets import open_pair
from scheduler.runtime.supervisor.bounds import Bounds
from scheduler.runtime.supervisor.conversation import Conversation
from scheduler.runtime.supervisor.link import Ended, Link
from scheduler.runtime.supervisor.reactor import Timer
from scheduler.runtime.supervisor.services import Services
from scheduler.wire import Data, ErrorInfo, error_from_data

#: What a preloader whose base process died may take to kill its attempts.
_GRACE_S: Final = 1.0


#: What a bare preloader forks.
PARSE: Final = "parse"
FRESH: Final = "fresh"


class Source(NamedTuple):
    """A DAG file and its code, who imports it, and what is forked of it; a bare preloader has no file."""

    code_root: str
    file: str
    op: str = "attempt"
    account: Account | None = None


class Guest(Protocol):
    """Who wants to be forked by a preloader."""

    bounds: Bounds  #: what its process is to keep to

    def say(self, level: str, text: str) -> None:
        """Tell whoever reads its log."""

    def hide(self, known: Masker) -> None:
        """Keep out of all that is shown what the import was given as secret."""

    def on_seat(self, link: Link, op: str) -> None:
        """The preloader is ready: fork now."""

    def on_broken(self, error: ErrorInfo, output: str) -> None:
        """The import failed; there will be no seat."""

    def on_lost(self, reason: str) -> None:
        """The preloader ended before it was ready; there will be no seat."""


class Nest:
    """One preloader. It is a child of the base process, and a nursery of its own."""

    def __init__(self, services: Services, source: Source, on_threads: Callable[[Nest], None]) -> None:
        self.source = source
        self.pid: int | None = None
        self.thread_count = 1
        self.used_at = services.clock.monotonic()
        self.is_over = False  #: gives no more seats
        self._services = services
        self._masker = Masker()
        self._on_threads = on_threads
        self._is_ready = False
        self._channel: Conversation | None = None
        self._waiting: list[Guest] = []
        self._kill_reason: str | None = None
        self._import_timer: Timer | None = None

    def start(self, base: Link) -> None:
        """Have it forked by the base process."""
        ours, theirs = open_pair()
        self._base = base
        self._link = Link(self._services.reactor, self._services.clock, ours, self._ready, self._cut_off)
        if not self.source.file:
            self._id = base.fork(self, "bare", [theirs.detach()])
            return
        channel_ours, channel_theirs = open_pair()
        self._channel = self._services.converse(
            channel_ours, None, self._masker, on_result=_ignore, on_end=_ignore
        )
        fds = [theirs.detach(), channel_theirs.detach()]
        facts = {"code_root": self.source.code_root, "file": self.source.file}
        self._id = base.fork(self, "preload", fds, **facts, **user_facts(self.source.account))
        self._import_timer = self._services.reactor.call_later(
            self._services.limits.import_s, self._import_hangs
        )

    @property
    def is_idle(self) -> bool:
        """Whether nobody runs in it or waits for it."""
        return self._is_ready and self._link.is_idle

    def seat(self, guest: Guest) -> None:
        """Give the guest a seat as soon as the import is done."""
        self.used_at = self._services.clock.monotonic()
        if self._is_ready:
            self._give_seat(guest)
        else:
            self._waiting.append(guest)

    def take_waiting(self) -> list[Guest]:
        """Give up those who wait; the caller finds them another seat."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def retire(self) -> None:
        """End the preloader; nobody may be in it."""
        self.is_over = True
        self._close_import()
        self._link.close()

    def on_started(self, pid: int) -> None:
        """Note the pid."""
        self.pid = pid

    def on_ended(self, ended: Ended) -> None:
        """Tell everyone in it."""
        self.pid = None
        self.on_lost(f"its preloader {self._kill_reason or kernel.death_words(ended.status)}")

    def on_lost(self, reason: str) -> None:
        """Tell everyone in it, after what the preloader itself had said about them."""
        self.is_over = True
        self._link.drain()
        self._close_import()
        self._link.lose(reason)
        for guest in self.take_waiting():
            guest.on_lost(reason)
        if self.pid is not None:
            # It ends by itself, and kills what is below it; unless user code keeps it busy.
            pid = self.pid
            self._services.reactor.call_later(_GRACE_S, partial(kernel.kill_group, pid, signal.SIGKILL))

    def _ready(self, message: Data) -> None:
        self._close_import()
        if message["note"] == "broken":
            self._break(error_from_data(message["error"]), message["output"])
            return
        self.thread_count = message["threads"]
        if self.thread_count > 1:
            self._on_threads(self)
            return
        self._is_ready = True
        for guest in self.take_waiting():
            self._give_seat(guest)

    def _give_seat(self, guest: Guest) -> None:
        guest.hide(self._masker)
        guest.on_seat(self._link, self.source.op)

    def _break(self, error: ErrorInfo, output: str) -> None:
        self.is_over = True
        for guest in self.take_waiting():
            guest.hide(self._masker)
            guest.on_broken(error, output)

    def _cut_off(self, fault: str) -> None:
        """The socket ended: the process is at its end, or no longer serves. Its parent says how it ended."""
        self.is_over = True
        if fault:
            self._kill_reason = f"said what it cannot say ({fault})"
        self._base.kill(self._id, signal.SIGKILL)

    def _import_hangs(self) -> None:
        limit_s = self._services.limits.import_s
        self._kill_reason = f"took longer than {limit_s:g} s to import {self.source.file}"
        self._base.kill(self._id, signal.SIGKILL)

    def look(self) -> None:
        """Kill it where it does not fork: what waits for it would wait for ever."""
        limit_s = self._services.limits.fork_s
        if self.pid is not None and self._link.silent_s() > limit_s:
            self._kill_reason = f"did not fork within {limit_s:g} s"
            kernel.kill_group(self.pid, signal.SIGKILL)

    def _close_import(self) -> None:
        if self._import_timer is not None:
            self._import_timer.cancel()
        if self._channel is not None:
            self._channel.close()


def user_facts(account: Account | None) -> dict[str, Any]:
    """Return what has a process become another user."""
    return {} if account is None else {"user": account.facts}


def _ignore(_message: object) -> None:
    """An import has no result to tell, and may end its channel."""
