"""Children that are forked before they are asked for: whoever asks next does not wait for the fork.

A spare has run nothing but what every child runs first. What it is to become, and its descriptors, reach it over a
socket of its own.

Several are forked in a row where one was not enough. After each fork the parent must copy every page that it writes
to; in a row it does so once for all of them.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scheduler.runtime.sockets import open_pair

#: What a child is to become, and its descriptors.
Asked = tuple[dict[str, Any], Sequence[int]]

_REQUEST_LIMIT: Final = 65_536
_MAX_FDS: Final = 8
#: Spares at once, at most.
_MOST: Final = 8
#: After so long without a request only those stay that are kept at rest.
PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Spare:
    """The parent's view of a spare child."""

    pid: int
    sock: socket.socket

    def hand_over(self, request: dict[str, Any], fds: Sequence[int]) -> bool:
        """Let it become what is asked for; false when it is gone."""
        with self.sock:
            try:
                socket.send_fds(self.sock, [json.dumps(request).encode()], fds)
            except OSError:
                return False
        return True


class Stock:
    """The spares of one parent: `at_rest` of them, more while they are asked for faster than they can be forked."""

    def __init__(
        self, fork: Callable[[Callable[[], Asked | None]], int], at_rest: int, patience_s: float = PATIENCE_S
    ) -> None:
        self._fork = fork
        self._patience_s = patience_s
        self._spares: deque[Spare] = deque()
        self._at_rest = self._wanted = at_rest
        self._asked_at = 0.0

    def __contains__(self, pid: int) -> bool:
        """Whether a child is one of the spares."""
        return any(each.pid == pid for each in self._spares)

    @property
    def is_short(self) -> bool:
        """Whether there is none left, and should be."""
        return not self._spares and self._wanted > 0

    @property
    def rest_s(self) -> float | None:
        """In how many seconds those may go that are not kept at rest; None where there are no such."""
        if len(self._spares) <= self._at_rest:
            return None
        return max(0.0, self._asked_at + self._patience_s - time.monotonic())

    def tend(self) -> None:
        """Fork what is missing, or let those go that nobody has asked for in a while."""
        if self.is_short:
            self._fill()
        elif self.rest_s == 0:
            self._wanted = self._at_rest
            while len(self._spares) > self._wanted:
                self._spares.pop().sock.close()

    def use(self, request: dict[str, Any], fds: Sequence[int]) -> int | None:
        """Have a spare become what is asked for; return its pid, None where there is no spare."""
        self._asked_at = time.monotonic()
        while self._spares:
            spare = self._spares.popleft()
            if spare.hand_over(request, fds):
                return spare.pid
        if 0 < self._wanted < _MOST:
            self._wanted += 1
        return None

    def give_up(self, pid: int) -> None:
        """Fork no more, if a spare ended by itself: something here does not bear it, and that could go on for ever."""
        for each in self._spares:
            if each.pid == pid:
                each.sock.close()
                self._spares.remove(each)
                self._at_rest = self._wanted = 0
                return

    def leave_behind(self) -> None:
        """In a child: let go of its siblings, which it could else tell what to become."""
        for each in self._spares:
            each.sock.close()

    def _fill(self) -> None:
        try:
            while len(self._spares) < self._wanted:
                self._spares.append(fork_spare(self._fork))
        except OSError:
            # Whoever asks next will hear of it.
            self._at_rest = self._wanted = 0


def fork_spare(fork: Callable[[Callable[[], Asked | None]], int]) -> Spare:
    """Fork a child by `fork`, which waits for its request. Raises OSError."""
    ours, theirs = open_pair()

    def wait() -> Asked | None:
        ours.close()
        return _await_request(theirs)

    with theirs:
        try:
            return Spare(fork(wait), ours)
        except OSError:
            ours.close()
            raise


def _await_request(sock: socket.socket) -> Asked | None:
    """In the spare child: wait for the request; None when the parent no longer wants one."""
    with sock:
        piece, fds, _, _ = socket.recv_fds(sock, _REQUEST_LIMIT, _MAX_FDS)
    for fd in fds:
        os.set_inheritable(fd, False)
    return (json.loads(piece), fds) if piece else None
