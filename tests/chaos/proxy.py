"""A network of the test's own: a TCP proxy that passes on, delays, goes silent, or cuts what goes through it."""

from __future__ import annotations

import contextlib
import select
import socket
from threading import Event, Lock, Thread
from typing import Self

from tests.services.server import free_port


class Proxy:
    """Listens on a port of its own and passes on to another port of this machine, until told otherwise.

    Silent: connections stay, nothing arrives in either direction; what was sent meanwhile arrives once it speaks.
    Cut: connections are closed, and new ones refused.
    """

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.delay_s = 0.0
        self._target_port = target_port
        self._lock = Lock()
        self._speaks = Event()
        self._speaks.set()
        self._closing = Event()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.cut()

    def silence(self) -> None:
        """Let nothing through, and close nothing: a cable pulled."""
        self._speaks.clear()

    def cut(self) -> None:
        """Close every connection and refuse new ones: a host rebooted."""
        with self._lock:
            listener, self._listener = self._listener, None
            pairs, self._pairs = self._pairs, set()
        if listener is not None:
            _shut(listener)
        for pair in pairs:
            for end in pair:
                _shut(end)
        self._speaks.set()

    def mend(self) -> None:
        """Pass everything on again."""
        self._speaks.set()
        with self._lock:
            if self._listener is not None:
                return
            self._listener = socket.create_server(("127.0.0.1", self.port))
        Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._speaks.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            near.close()
            return
        with self._lock:
            is_cut = self._listener is None
            if not is_cut:
                self._pairs.add((near, far))
        if is_cut:
            near.close()
            far.close()
            return
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, sink in ((near, far), (far, near)):
            Thread(target=self._pump, args=(source, sink, (near, far)), daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with contextlib.suppress(OSError, ValueError):
            while select.select([source], [], []):
                self._speaks.wait()
                piece = source.recv(65536)
                if not piece:
                    break
                self._closing.wait(self.delay_s)
                self._speaks.wait()
                sink.sendall(piece)
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            _shut(end)


def _shut(end: socket.socket) -> None:
    # Not only closed: a thread that waits in it would go on waiting.
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
