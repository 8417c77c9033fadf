"""What a child prints: read from its pipe at a bounded rate.

A child gets one piece a turn, and once it has used up its allowance none: its full pipe slows it down, and nobody else.
What it prints beyond what its log keeps is passed over instead, at a small part of the cost, so that it need not wait.
"""

from __future__ import annotations

import os
from itertools import chain
from typing import Final, Protocol

from scheduler.runtime.accounts import Account
from scheduler.runtime.supervisor.rate import CALM, DEBT, LINE_COST, SKIPPING, Allowance
from scheduler.runtime.supervisor.reactor import Reactor, Timer

#: What is read at once; of lines that are short, less: they take their time by number.
_PIECE: Final = 65_536
_SMALL_PIECE: Final = 4_096
_PAUSE_S: Final = 0.02
#: What is read after the end of a child: more than a pipe holds, so that a grandchild that goes on printing
#: cannot stall.
_DRAIN: Final = 2_000_000

#: How often what was passed over last is looked at all the same.
_GLANCE_S: Final = 0.5


class Output(Protocol):
    """Takes what a child prints: see `printed`."""

    @property
    def may_skip(self) -> bool:
        """Whether pieces may be passed over."""

    def take(self, piece: bytes) -> int:
        """Take a piece; return how many lines it made of it."""

    def skip(self, piece: bytes) -> None:
        """Keep the end of what is passed over."""

    def catch_up(self) -> None:
        """Take what was kept of it."""


def open_pipes(count: int, owner: Account | None = None) -> list[tuple[int, int]]:
    """Open pipes, all or none: read end and write end of each. Raises OSError.

    `owner`: another user, who may open them anew (/dev/stdout).
    """
    pipes: list[tuple[int, int]] = []
    try:
        for _ in range(count):
            pipes.append(os.pipe())
            if owner is not None:
                os.fchown(pipes[-1][1], owner.uid, owner.gid)
    except OSError:
        for fd in chain(*pipes):
            os.close(fd)
        raise
    return pipes


class OutputPipe:
    """Reads a pipe and hands pieces on. Owns the descriptor."""

    def __init__(self, reactor: Reactor, allowance: Allowance, fd: int, output: Output) -> None:
        self._reactor = reactor
        self._allowance = allowance
        self._fd = fd
        self._output = output
        self._is_skipping = False
        self._looked_at = 0.0
        self._piece = _PIECE
        self._timer: Timer | None = None
        self._is_open = True
        self._is_watched = False
        os.set_blocking(fd, False)
        self._watch()

    def finish(self) -> None:
        """Read what is still in the pipe, and close it."""
        left = _DRAIN
        while self._is_open and left > 0 and (size := self._read()):
            left -= size
        self.close()

    def close(self) -> None:
        """Read no more."""
        if not self._is_open:
            return
        self._is_open = False
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
        self._allowance.close()
        self._output.catch_up()
        os.close(self._fd)

    def _ready(self, _events: int) -> None:
        self._read()
        if self._is_open and not self._may_read():
            self._unwatch()
            self._timer = self._reactor.call_later(_PAUSE_S, self._watch)

    def _read(self) -> int:
        try:
            piece = os.read(self._fd, self._piece)
        except BlockingIOError:
            return 0
        except OSError:
            piece = b""
        if not piece:
            self.close()
            return 0
        if self._is_skipping:
            self._output.skip(piece)
            self._allowance.spend(len(piece) // SKIPPING)
        else:
            self._take(piece)
        return len(piece)

    def _take(self, piece: bytes) -> None:
        line_cost = self._output.take(piece) * LINE_COST
        self._allowance.spend(len(piece) + line_cost)
        self._piece = _SMALL_PIECE if line_cost > 4 * len(piece) else _PIECE

    def _may_read(self) -> bool:
        left = self._allowance.left()
        if self._is_skipping:
            self._look(is_calm=left > CALM)
        elif left <= 0 and self._output.may_skip:
            self._is_skipping = True
            self._piece = _PIECE
        return left > (DEBT if self._is_skipping else 0)

    def _look(self, *, is_calm: bool) -> None:
        """Take what was passed over last, once the child prints less, or some time went by."""
        now = self._allowance.now
        if is_calm or now - self._looked_at > _GLANCE_S:
            self._output.catch_up()
            self._looked_at = now
            self._is_skipping = not is_calm

    def _watch(self) -> None:
        self._timer = None
        if not self._may_read():
            self._timer = self._reactor.call_later(_PAUSE_S, self._watch)
            return
        self._reactor.watch(self._fd, self._ready)
        self._is_watched = True

    def _unwatch(self) -> None:
        if self._is_watched:
            self._reactor.forget(self._fd)
            self._is_watched = False
