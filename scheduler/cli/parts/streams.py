"""Answers that do not end: one thread holds all of them, beside the server that answers requests.

Waitress gives up the connection of such an answer when its head is sent. From then on whoever wrote the answer
(`Feed`) sends when there is something to say, and a connection that takes nothing, says something or is gone is closed.
"""

from __future__ import annotations

import logging
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Final, Protocol

log = logging.getLogger(__name__)

#: Between two beats.
BEAT_S: Final = 15.0
#: Bytes that may wait for a reader. Who is further behind comes again and asks for what was missed.
BEHIND: Final = 64_000
#: Streams at once; who comes after is told to ask instead.
MOST: Final = 1_000
_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Feed(Protocol):
    """What an endless answer consists of."""

    #: What is sent now and then, so that proxies know that the answer is alive, and we that the reader is; or nothing.
    beat: bytes

    def attach(self, send: Callable[[bytes], None], end: Callable[..., None]) -> None:
        """Begin; `send` takes text for the reader from any thread, `end` closes, after a last text where it has one."""

    def detach(self) -> None:
        """Say no more: the reader is gone."""


class Line:
    """One connection, and what waits to be sent on it."""

    def __init__(self, streams: Streams, sock: socket.socket, feed: Feed) -> None:
        self.sock = sock
        self.feed = feed
        self.waiting = bytearray()
        #: Since when it has taken nothing; None: nothing waits.
        self.behind_since: float | None = None
        self.is_over = False
        self._streams = streams

    def send(self, text: bytes) -> None:
        """Send a piece, soon. Called from any thread."""
        self._streams.queue(self, b"%x\r\n%b\r\n" % (len(text), text))

    def end(self, last: bytes = b"") -> None:
        """Close, when all was sent. Called from any thread."""
        self.is_over = True
        self._streams.queue(self, (b"%x\r\n%b\r\n" % (len(last), last) if last else b"") + b"0\r\n\r\n")


class Streams:
    """All endless answers of a server."""

    def __init__(self, patience_s: float = 30.0, most: int = MOST) -> None:
        self._patience_s = patience_s
        self._most = most
        self._selector = selectors.DefaultSelector()
        self._ears, self._mouth = socket.socketpair()
        self._ears.setblocking(False)
        self._mouth.setblocking(False)
        self._lock = Lock()
        self._lines: set[Line] = set()
        self._due: dict[Line, None] = {}
        self._closing = False
        self._thread = Thread(target=self._run, name="dirigent-streams", daemon=True)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._lines)

    @property
    def has_room(self) -> bool:
        """Whether one more may come."""
        return not self._closing and self.count < self._most

    def start(self) -> None:
        """Begin to send."""
        self._selector.register(self._ears, selectors.EVENT_READ)
        self._thread.start()

    def take(self, sock: socket.socket, feed: Feed) -> None:
        """Take over a connection whose head was sent."""
        line = Line(self, sock, feed)
        sock.setblocking(False)
        with self._lock:
            is_in = not self._closing
            if is_in:
                self._lines.add(line)
        if not is_in:
            sock.close()
            return
        self.queue(line, b"")
        feed.attach(line.send, line.end)
        if line not in self._lines:  # The reader left before the feed had begun, and was told so too early.
            feed.detach()

    def queue(self, line: Line, data: bytes) -> None:
        """Have something sent; wakes the thread where it is not awake anyway."""
        with self._lock:
            line.waiting += data
            is_first, self._due[line] = not self._due, None
        if is_first:
            self._wake()

    def beat(self) -> None:
        """Tell all readers that their answers are alive."""
        for line in self._all():
            if line.feed.beat and not line.is_over:
                line.send(line.feed.beat)

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            self._closing = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()
        self._ears.close()
        self._mouth.close()

    def _wake(self) -> None:
        try:
            self._mouth.send(b"!")
        except OSError:  # it is full of wakes, or closed
            return

    def _run(self) -> None:
        beat_at = time.monotonic() + BEAT_S
        while not self._closing:
            self._turn(max(0.0, min(1.0, beat_at - time.monotonic())))
            self._drop_the_slow()
            if time.monotonic() >= beat_at:
                beat_at += BEAT_S
                self.beat()
        for line in self._all():
            self._attend(self._drop, line)

    def _all(self) -> list[Line]:
        """Return those there are, in one step: others come meanwhile, of other threads."""
        with self._lock:
            return list(self._lines)

    def _attend(self, serve: Callable[[Line], None], line: Line) -> None:
        """Do something for one of them; whatever goes wrong with it, the others go on."""
        try:
            serve(line)
        except Exception:
            log.exception("a stream ends, as it could not be served")
            self._drop(line)

    def _turn(self, timeout_s: float) -> None:
        ready = [(key.data, events) for key, events in self._selector.select(timeout_s)]
        for line, events in ready:
            if line is None:
                self._hear()
            elif events & selectors.EVENT_READ and not self._is_silent(line):
                self._attend(self._drop, line)
            elif events & selectors.EVENT_WRITE:
                self._attend(self._flush, line)
        with self._lock:
            due, self._due = list(self._due), {}
        for line in due:
            self._attend(self._flush, line)

    def _hear(self) -> None:
        try:
            while self._ears.recv(4096):
                pass
        except OSError:
            return

    def _is_silent(self, line: Line) -> bool:
        """Tell whether a reader is still there: it has nothing more to say."""
        try:
            line.sock.recv(1)
        except _NOT_NOW:
            return True
        except OSError:
            return False
        return False

    def _flush(self, line: Line) -> None:
        if line not in self._lines:
            return
        try:
            self._send(line)
        except _NOT_NOW:
            line.behind_since = line.behind_since or time.monotonic()
        except OSError:
            self._drop(line)
            return
        if (line.is_over and not line.waiting) or (not line.is_over and len(line.waiting) > BEHIND):
            self._drop(line)
        else:
            self._watch(line, selectors.EVENT_WRITE if line.waiting else 0)

    def _send(self, line: Line) -> None:
        while data := bytes(line.waiting[:16_384]):
            sent = line.sock.send(data)
            with self._lock:
                del line.waiting[:sent]
            line.behind_since = None

    def _watch(self, line: Line, more: int) -> None:
        events = selectors.EVENT_READ | more
        try:
            if self._selector.get_key(line.sock).events != events:
                self._selector.modify(line.sock, events, line)
        except KeyError:
            self._selector.register(line.sock, events, line)

    def _drop_the_slow(self) -> None:
        limit = time.monotonic() - self._patience_s
        for line in self._all():
            if line.behind_since and line.behind_since < limit:
                self._attend(self._drop, line)

    def _drop(self, line: Line) -> None:
        with self._lock:
            if line not in self._lines:
                return
            self._lines.discard(line)
            self._due.pop(line, None)
        try:
            self._selector.unregister(line.sock)
        except (KeyError, ValueError):
            log.debug("a stream ended before its first turn")
        line.sock.close()
        line.feed.detach()
