"""A socket that carries frames and never blocks the reactor."""

from __future__ import annotations

import os
import selectors
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from scheduler.runtime.frames import FRAME_LIMIT, BadFrame, FrameReader, encode
from scheduler.runtime.supervisor.reactor import Reactor
from scheduler.wire import Data

_PIECE: Final = 262_144


class FramedSocket:
    """Reads and writes messages.

    `on_message` gets each; `on_end` gets '' at end of file, or what went wrong, once.
    """

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        *,
        on_message: Callable[[Data], None],
        on_end: Callable[[str], None],
        limit: int = FRAME_LIMIT,
    ) -> None:
        sock.setblocking(False)
        self._reactor = reactor
        self._sock = sock
        self._on_message = on_message
        self._on_end = on_end
        self._reader = FrameReader(limit)
        self._out: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._is_reading = True
        self._is_open = True
        self._watched = 0
        self._update()

    def send(self, message: Data, fds: Sequence[int] = ()) -> None:
        """Send now what can be sent, the rest when there is room. Takes the descriptors: they are closed once
        sent.

        Raises TooLarge.
        """
        self._out.append((memoryview(encode(message)), fds))
        if self._is_open:
            self._write()
        else:
            self._drop_unsent()

    def pause(self) -> None:
        """Read nothing until `resume`: the other side sends faster than it is served."""
        self._is_reading = False
        self._update()

    def resume(self) -> None:
        """Read again."""
        self._is_reading = True
        self._update()

    def drain(self) -> None:
        """Read what has arrived up to now."""
        while self._is_open and self._read():
            pass

    def close(self) -> None:
        """Close, without calling `on_end`."""
        if self._is_open:
            self._is_open = False
            self._update()
            self._sock.close()
            self._drop_unsent()

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write()
        if events & selectors.EVENT_READ and self._is_open:
            self._read()

    def _read(self) -> bool:
        """Read a piece; false when there is none now."""
        try:
            piece = self._sock.recv(_PIECE)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            # It died before it had read what it was sent: why, its parent says.
            self._end("")
            return False
        except OSError as error:
            self._end(str(error))
            return False
        if not piece:
            self._end("")
            return False
        self._deliver(piece)
        return True

    def _deliver(self, piece: bytes) -> None:
        try:
            for message in self._reader.feed(piece):
                self._on_message(message)
        except BadFrame as error:
            self._end(str(error))

    def _write(self) -> None:
        try:
            while self._out:
                self._write_first()
        except BlockingIOError:
            pass
        except OSError as error:
            self._drop_unsent()
            if not self._is_reading:
                self._end(str(error))
        if self._is_open:
            self._update()

    def _write_first(self) -> None:
        frame, fds = self._out.popleft()
        try:
            sent = socket.send_fds(self._sock, [frame], fds) if fds else self._sock.send(frame)
        except BlockingIOError:
            self._out.appendleft((frame, fds))
            raise
        _close_all(fds)
        if sent < len(frame):
            self._out.appendleft((frame[sent:], ()))

    def _drop_unsent(self) -> None:
        for _, fds in self._out:
            _close_all(fds)
        self._out.clear()

    def _end(self, reason: str) -> None:
        if self._is_open:
            self.close()
            self._on_end(reason)

    def _update(self) -> None:
        wanted = self._wanted()
        if wanted == self._watched:
            return
        if not self._watched:
            self._reactor.watch(self._sock.fileno(), self._ready, wanted)
        elif wanted:
            self._reactor.change(self._sock.fileno(), self._ready, wanted)
        else:
            self._reactor.forget(self._sock.fileno())
        self._watched = wanted

    def _wanted(self) -> int:
        if not self._is_open:
            return 0
        return (selectors.EVENT_READ if self._is_reading else 0) | (selectors.EVENT_WRITE if self._out else 0)


def _close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
