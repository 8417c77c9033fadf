"""The preloaders of a supervisor: made on demand, replaced when they die, ended when idle or too large."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Iterator
from typing import Final

from scheduler.runtime import kernel
from scheduler.runtime.supervisor.link import Link
from scheduler.runtime.supervisor.nest import FRESH, PARSE, Guest, Nest, Source
from scheduler.runtime.supervisor.root import Root
from scheduler.runtime.supervisor.services import Services

_log: Final = logging.getLogger(__name__)

#: Bare preloaders: what is forked there does not share a parent with the other kind.
FOR_PARSES: Final = Source("", "", PARSE)
FOR_FRESH: Final = Source("", "", FRESH)
_CLOSED: Final = "lost with its supervisor, which was stopped"


class Family:
    """Finds seats.

    An attempt sits in the preloader of its file, or in a fresh interpreter where forking is unsafe.
    """

    def __init__(self, services: Services, root: Root) -> None:
        self._services = services
        self._root = root
        self._numbers = itertools.count(1)
        self._is_closed = False
        self._nests: dict[Source, Nest] = {}
        #: Files whose import left threads, with their number: their attempts get fresh interpreters.
        self._threaded: dict[Source, int] = {}

    def seat(self, guest: Guest, source: Source) -> None:
        """Find a seat for an attempt of the file."""
        if source.account != guest.bounds.account:
            source = source._replace(account=guest.bounds.account)
        reason = guest.bounds.fresh_reason or self._fresh_reason(source)
        if reason:
            guest.say("info", f"In a fresh interpreter, which starts slower: {reason}.")
        self._seat(guest, FOR_FRESH if reason else source)

    def base(self) -> Link:
        """Return the link to the base process. Raises OSError."""
        if self._is_closed:
            raise OSError(_CLOSED)
        return self._root.link()

    def seat_parse(self, guest: Guest) -> None:
        """Find a seat for a parse."""
        self._seat(guest, FOR_PARSES)

    def seat_alone(self, guest: Guest) -> None:
        """Find a seat for a parse with a parent that no other child has."""
        self._seat(guest, Source(f"alone {next(self._numbers)}", "", FOR_PARSES.op))

    def warm(self, source: Source) -> None:
        """Import the file, if it is not imported yet; what fails will fail again where it is needed."""
        if not self._fresh_reason(source) and not self._is_closed:
            with contextlib.suppress(OSError):
                self._nest(source)

    def start(self) -> None:
        """Start the base process and look after the preloaders from time to time."""
        try:
            self._root.link()
        except OSError as error:
            _log.error("The base process cannot be started: %s; each attempt will try again.", error)
        self._services.reactor.call_later(self._services.limits.sweep_s, self._sweep)

    def hold(self, until: float) -> None:
        """End all, from below, at an instant of the monotonic clock that was not put off by then."""
        self._root.hold(until)

    def close(self) -> None:
        """End them all, and give no more seats."""
        self._is_closed = True
        for nest in self._nests.values():
            nest.on_lost(_CLOSED)
        self._nests.clear()
        self._root.close()

    def _fresh_reason(self, source: Source) -> str:
        """Say why attempts of this file get a fresh interpreter; empty where they are forked."""
        if not kernel.FORK_IS_SAFE:
            return "this system cannot fork safely"
        if count := self._threaded.get(source):
            return f"its import leaves {count} threads running"
        return ""

    def _seat(self, guest: Guest, source: Source) -> None:
        if self._is_closed:
            guest.on_lost(_CLOSED)
            return
        try:
            nest = self._nest(source)
        except OSError as error:
            guest.on_lost(f"could not be started: {error.strerror}")
            return
        nest.seat(guest)

    def _nest(self, source: Source) -> Nest:
        nest = self._nests.get(source)
        if nest is None or nest.is_over:
            base = self._root.link()
            nest = self._nests[source] = Nest(self._services, source, self._use_fresh)
            nest.start(base)
            self._make_room()
        return nest

    def _use_fresh(self, nest: Nest) -> None:
        """A fork would copy the locks of threads that are not there to release them."""
        self._threaded[nest.source] = nest.thread_count
        waiting = nest.take_waiting()
        nest.retire()
        for guest in waiting:
            self.seat(guest, nest.source)

    def _sweep(self) -> None:
        """Kill who hangs; end preloaders unused for a while, then the least used while they take too much memory."""
        limits = self._services.limits
        self._services.reactor.call_later(limits.sweep_s, self._sweep)
        self._root.look()
        for nest in self._nests.values():
            nest.look()
        idle_since = self._services.clock.monotonic() - limits.preloader_idle_s
        for nest in list(self._idle()):
            if nest.used_at < idle_since or self._memory() > limits.preloader_memory_bytes:
                self._end(nest)
        for source in [source for source, nest in self._nests.items() if nest.is_over]:
            del self._nests[source]

    def _make_room(self) -> None:
        """End the least used idle ones over the limit; those in use may exceed it."""
        excess = len(self._nests) - self._services.limits.preloaders
        for nest in list(self._idle())[: max(0, excess)]:
            self._end(nest)

    def _idle(self) -> Iterator[Nest]:
        idle = (nest for nest in self._nests.values() if nest.is_idle and not nest.is_over)
        return iter(sorted(idle, key=lambda nest: nest.used_at))

    def _memory(self) -> int:
        return sum(
            kernel.memory_bytes(nest.pid) for nest in self._nests.values() if nest.pid and not nest.is_over
        )

    def _end(self, nest: Nest) -> None:
        nest.retire()
        del self._nests[nest.source]
