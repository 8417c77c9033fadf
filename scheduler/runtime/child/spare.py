"""A child that is forked before it is asked for: whoever asks next does not wait for the fork.

It has run nothing but what every child runs first. What it is to become, and its descriptors, reach it over a
socket of its own.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: What a child is to become, and its descriptors.
Asked = tuple[dict[str, Any], Sequence[int]]

_REQUEST_LIMIT: Final = 65_536
_MAX_FDS: Final = 8


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


def fork_spare(fork: Callable[[Callable[[], Asked | None]], int]) -> Spare:
    """Fork a child by `fork`, which waits for its request. Raises OSError."""
    ours, theirs = socket.socketpair()

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
