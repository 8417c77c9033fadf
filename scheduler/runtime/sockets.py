"""Sockets that wait as long as it takes, whatever time-out others in the same process have set for new ones.

`socket.setdefaulttimeout` is the whole process's: Celery sets it for a moment while a worker stops, and DAG files do at
their top. A socket that was made meanwhile does not block, nor does its other end in a child.
"""

from __future__ import annotations

import socket


def open_pair() -> tuple[socket.socket, socket.socket]:
    """Return two sockets that are joined. Raises OSError."""
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.settimeout(None)
    return ours, theirs


def adopt(fd: int) -> socket.socket:
    """Return the socket of a descriptor, and own it. Raises OSError."""
    sock = socket.socket(fileno=fd)
    sock.settimeout(None)
    return sock
