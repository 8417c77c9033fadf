"""The page's side of its connections: who says nothing, or says it slowly, does not hold up others.

Waitress bears with 100 connections that may be silent for two minutes each, and accepts nobody else meanwhile. Here a
request has to be complete in time however steadily its bytes drip in, an answer has to be taken, and where there are
too many connections, the one that has kept the page waiting longest makes room for the next.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask

from scheduler.cli.parts.streams import MOST, Feed, Streams

WsgiApp = Callable[..., Iterable[bytes]]

#: A live view holds no thread, so these serve as many people as ask at the same instant.
THREADS: Final = 8
#: Bytes of a request, refused before anything is kept. Waitress would put a gigabyte from anybody on the disk,
#: ahead of the application, which reads half of this.
LARGEST_BODY: Final = 8_000_000
#: How often the overdue are looked for, in seconds.
LOOK_S: Final = 1


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection is borne with, in seconds, and how many there may be at once."""

    #: From the first byte of a request, or from the connection where none comes, to the end of its head.
    head_s: float = 10.0
    #: To the end of its body.
    request_s: float = 60.0
    #: Between an answer and the next request.
    rest_s: float = 30.0
    #: While a reader takes nothing of its answer.
    answer_s: float = 30.0
    most: int = 400


#: Where an application finds what makes its answer one that does not end, unless the client could not read it: given
#: a Feed, it tells whether there is room for one more.
HAND_OVER: Final = "dirigent.hand_over"


class Asked(HTTPRequestParser):
    """A request as it is read."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. A body of two lengths is refused: a proxy may have counted by the other one."""
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Transfer-Encoding and Content-Length")


class Serving(WSGITask):
    """One request. Its answer may be the head of a stream, which another thread goes on with."""

    channel: Visitor
    _feed: Feed | None = None

    def get_environment(self) -> dict[str, Any]:
        """Return what the application is asked with."""
        environ = super().get_environment()
        if self.version == "1.1" and environ["REQUEST_METHOD"] == "GET":
            environ[HAND_OVER] = self._hand_over
        return environ

    def finish(self) -> None:
        """End the answer, unless it goes on elsewhere."""
        if self._feed is None:
            super().finish()
            return
        if not self.wrote_header:
            self.write(b"")
        self.channel.feed = self._feed

    def set_close_on_finish(self) -> None:
        """Close the connection after this answer; not after one that has no body, whose end is known all the same."""
        asked = self.get_environment().get("HTTP_CONNECTION", "")
        if self.version != "1.1" or self.has_body or asked.lower() == "close":
            super().set_close_on_finish()

    def _hand_over(self, feed: Feed) -> bool:
        if not self.channel.reception.streams.has_room:
            return False
        self._feed = feed
        return True


class Visitor(HTTPChannel):
    """One connection, and what it has kept the page waiting for since when. Instants are waitress's."""

    task_class = Serving
    parser_class = Asked
    feed: Feed | None = None
    began_at = 0.0
    answered_at = 0.0

    def received(self, data: bytes) -> bool:
        """Note when the request began of which this is a piece."""
        before = self.request
        is_taken: bool = super().received(data)
        if self.request is not before:
            self.began_at = self.last_activity
        return is_taken

    def _flush_some(self, do_close: bool = True) -> bool:
        is_sent: bool = super()._flush_some(do_close=do_close)  # type: ignore[misc]  # the stubs lack it
        if is_sent:
            self.answered_at = self.last_activity
        return is_sent

    @property
    def reception(self) -> Reception:
        """The server that let it in."""
        assert isinstance(self.server, Reception)
        return self.server

    @property
    def waits_since(self) -> float:
        """Since when it owes the page something: a byte taken, the rest of a request, or a request."""
        if self.total_outbufs_len:
            return self.last_activity
        return self.began_at if self.request is not None else self.answered_at or self.creation_time

    def bears(self, patience: Patience) -> float | None:
        """Return how long it may keep the page waiting as things stand; None while the page owes the answer."""
        if self.total_outbufs_len:
            return patience.answer_s
        if self.requests:
            return None
        if self.request is not None:
            return patience.request_s if self.request.headers_finished else patience.head_s
        return patience.rest_s if self.answered_at else patience.head_s

    def handle_close(self) -> None:
        """Close the connection; or give it up, where the head of a stream was sent."""
        sock, feed = self.socket, self.feed
        if feed is None or sock is None or self.total_outbufs_len or not self.connected:
            super().handle_close()
            return
        self.del_channel()
        self.connected, self.socket, self.feed = False, None, None
        self.reception.streams.take(sock, feed)

    def show_out(self) -> None:
        """Close the connection; on the page's own thread only."""
        self.will_close = True
        if self.total_outbufs_len:
            # Waitress would wait until the socket takes something, which is what it does not do.
            self.handle_close()


class Seal(Protocol):
    """What encrypts connections."""

    #: How one of them is talked to.
    visitor: type[Visitor]

    def wrap(self, sock: socket.socket) -> socket.socket:
        """Return the connection as one that is to be encrypted."""

    def renew(self) -> None:
        """Look, now and then, whether there is a newer certificate."""


class Reception(TcpWSGIServer):
    """Waitress on a listening socket, with a limit to its patience."""

    channel_class: type[Visitor] = Visitor
    active_channels: dict[int, Visitor]  # type: ignore[assignment]  # of that class

    def __init__(
        self, app: WsgiApp, listener: socket.socket, patience: Patience, seal: Seal | None = None
    ) -> None:
        self._patience = patience
        self._seal = seal
        if seal is not None:
            self.channel_class = seal.visitor
        # Of the files that this process may open, a part is for its database, its logs and its workers.
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.streams = Streams(patience.answer_s, min(MOST, files // 4))
        self._most = min(patience.most, files // 2)
        adjustments = Adjustments(
            threads=THREADS,
            ident=None,
            max_request_body_size=LARGEST_BODY,
            # Above what is let in, so that waitress never stops accepting.
            connection_limit=2 * self._most + 100,
            cleanup_interval=LOOK_S,
            asyncore_use_poll=True,
            url_scheme="https" if seal else "http",
            # Whose word counts is for `proxies.BehindProxies` to say, which would not hear of it.
            clear_untrusted_proxy_headers=False,
        )
        address: Any = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(app, map={}, _sock=listener, adj=adjustments, bind_socket=False, sockinfo=address)

    def maintenance(self, now: float) -> None:
        """Close the connections that kept the page waiting for too long."""
        if self._seal is not None:
            self._seal.renew()
        for visitor in list(self.active_channels.values()):
            limit_s = visitor.bears(self._patience)
            if limit_s is not None and now - visitor.waits_since > limit_s:
                visitor.show_out()

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Return the next connection, encrypted where this server encrypts."""
        found: tuple[socket.socket, Any] | None = super().accept()
        if found is None or self._seal is None:
            return found
        return self._seal.wrap(found[0]), found[1]

    def handle_accept(self) -> None:
        """Let the next one in; where there are too many, another one goes."""
        super().handle_accept()
        if len(self.active_channels) > self._most:
            self._make_room()

    def _make_room(self) -> None:
        idle = [each for each in self.active_channels.values() if not each.requests and not each.will_close]
        if idle:
            min(idle, key=lambda each: each.waits_since).show_out()
