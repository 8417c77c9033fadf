"""Answers that do not end, beside those that do."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from threading import Event

from scheduler.cli.parts.streams import Line, Streams
from scheduler.cli.parts.visitors import HAND_OVER, Patience
from tests.cli.parts.test_visitors import ASK, ask, connect, served


class Talk:
    """A feed that keeps what it was given last, and all that it may send by."""

    beat = b": \n\n"

    def __init__(self) -> None:
        self.begun, self.over = Event(), Event()
        self.sends: list[Callable[[bytes], None]] = []

    def attach(self, send, end) -> None:
        self.send, self.end = send, end
        self.sends.append(send)
        send(b"data: 1\n\n")
        self.begun.set()

    def detach(self) -> None:
        self.over.set()

    def app(self, environ, start_response):
        if environ["PATH_INFO"] == "/":
            start_response("200 OK", [("Content-Length", "5")])
            return [b"hello"]
        is_taken = HAND_OVER in environ and environ[HAND_OVER](self)
        start_response("200 OK" if is_taken else "503 No", [("Content-Type", "text/event-stream")])
        return iter(())


STREAM = ASK.replace(b"GET / ", b"GET /stream ")


def hear(client: socket.socket, words: bytes) -> bytes:
    """Read until these words come."""
    heard = b""
    while words not in heard:
        piece = client.recv(4096)
        assert piece, heard
        heard += piece
    return heard


def test_more_streams_than_threads_hold_up_nobody_and_each_is_told():
    talk = Talk()
    with served(talk.app) as listener:
        clients = [connect(listener) for _ in range(20)]
        for client in clients:
            client.sendall(STREAM)
            assert hear(client, b"data: 1\n\n").startswith(b"HTTP/1.1 200 OK")
        for send in talk.sends:
            send(b"data: 2\n\n")
        for client in clients:
            hear(client, b"data: 2\n\n")
        assert ask(listener) == b"hello"
        for client in clients:
            client.close()


def test_a_reader_that_leaves_is_noticed():
    talk = Talk()
    with served(talk.app) as listener:
        with connect(listener) as client:
            client.sendall(STREAM)
            hear(client, b"data: 1\n\n")
        assert talk.over.wait(30)


def test_a_reader_that_takes_nothing_is_left():
    talk = Talk()
    with served(talk.app, Patience(answer_s=0.1)) as listener, connect(listener) as client:
        client.sendall(STREAM)
        assert talk.begun.wait(30)
        while not talk.over.is_set():
            talk.send(b"x" * 10_000)


def test_a_stream_that_is_ended_ends_whole():
    talk = Talk()
    with served(talk.app) as listener, connect(listener) as client:
        client.sendall(STREAM)
        assert talk.begun.wait(30)
        talk.end()
        assert hear(client, b"\r\n0\r\n\r\n")
        assert client.recv(1) == b""
        assert talk.over.wait(30)


def test_a_page_that_closes_ends_its_streams():
    talk = Talk()
    with served(talk.app) as listener:
        client = connect(listener)
        client.sendall(STREAM)
        hear(client, b"data: 1\n\n")
    assert talk.over.is_set()
    assert client.recv(1) == b""
    client.close()


def test_http_1_0_gets_no_stream():
    talk = Talk()
    with served(talk.app) as listener, connect(listener) as client:
        client.sendall(STREAM.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert client.recv(4096).startswith(b"HTTP/1.0 503")


def test_a_reader_that_leaves_while_its_feed_begins_is_noticed():
    class Slow(Talk):
        """A feed that has to be told that its reader is gone, though it began only then."""

        def attach(self, send, end) -> None:
            assert gone.wait(30)
            self.begun.set()

        def detach(self) -> None:
            gone.set()
            if self.begun.is_set():
                self.over.set()

    gone, talk = Event(), Slow()
    ours, theirs = socket.socketpair()
    theirs.close()
    streams = Streams()
    streams.start()
    streams.take(ours, talk)
    assert talk.over.wait(30)
    streams.close()


def test_a_reader_may_come_while_the_others_hear_that_their_answers_are_alive():
    class Inviting(Talk):
        """A feed at whose beat another reader comes."""

        @property
        def beat(self) -> bytes:  # type: ignore[override]  # what others keep, this one makes
            if len(ends) == 1:
                take(Talk())
            return b": \n\n"

    def take(feed: Talk) -> None:
        ours, theirs = socket.socketpair()
        ends.append(theirs)
        streams.take(ours, feed)

    ends: list[socket.socket] = []
    streams = Streams()
    take(Inviting())
    streams.beat()
    assert streams.count == 2
    streams.start()
    assert b": \n\n" in hear(ends[0], b": \n\n")
    streams.close()
    for end in ends:
        end.close()


def test_a_reader_may_come_while_it_is_asked_which_of_the_others_are_slow():
    class Inviting(Line):
        """A line that another one joins when it is looked at."""

        @property
        def behind_since(self) -> float:
            if streams.count == 1:
                take()
            return 0.0

        @behind_since.setter
        def behind_since(self, since: float | None) -> None:
            """Nothing ever waits for this one."""

    def take() -> None:
        with socket.socket() as end:
            streams._lines.add(Inviting(streams, end, Talk()))

    streams = Streams()
    take()
    streams._drop_the_slow()
    assert streams.count == 2
    streams.close()


def test_whatever_goes_wrong_with_one_stream_the_others_go_on():
    class Broken(Talk):
        """A feed that cannot be told that its reader is gone."""

        def detach(self) -> None:
            super().detach()
            raise RuntimeError("nobody thought of this")

    def take(feed: Talk) -> socket.socket:
        ours, theirs = socket.socketpair()
        streams.take(ours, feed)
        stack.enter_context(closing(theirs)).settimeout(30)
        hear(theirs, b"data: 1\n\n")
        return theirs

    streams, broken, talk = Streams(), Broken(), Talk()
    with ExitStack() as stack:
        stack.callback(streams.close)
        streams.start()
        leaving, staying = take(broken), take(talk)
        leaving.close()
        assert broken.over.wait(30)
        talk.send(b"data: 2\n\n")
        hear(staying, b"data: 2\n\n")


def test_streams_leave_files_for_the_rest_of_the_server():
    talk, before = Talk(), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, before[1]))
    with ExitStack() as stack:
        try:
            listener = stack.enter_context(served(talk.app))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for _ in range(100):
            client = stack.enter_context(connect(listener))
            client.sendall(STREAM)
            hear(client, b"data: 1\n\n")
        client = stack.enter_context(connect(listener))
        client.sendall(STREAM)
        assert client.recv(4096).startswith(b"HTTP/1.1 503")
