"""Clients that are slow, silent or many, and one that asks beside them."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event

import pytest

from scheduler.cli.parts.page import Page, address_of, bind
from scheduler.cli.parts.visitors import Patience

ASK = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@contextmanager
def served(app=hello, patience: Patience | None = None) -> Iterator[socket.socket]:
    """Give the listening socket of a page that is up."""
    listener = bind("127.0.0.1", 0)
    page = Page(app, listener, patience)
    page.start()
    try:
        yield listener
    finally:
        page.close()


def connect(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname(), timeout=30)


def ask(listener: socket.socket) -> bytes:
    with urllib.request.urlopen(address_of(listener), timeout=30) as answer:
        return bytes(answer.read())


def drip(client: socket.socket, byte: bytes) -> bytes:
    """Send byte after byte until the page hangs up; return what it said before."""
    client.settimeout(0.02)
    said = b""
    for _ in range(3000):
        try:
            piece = client.recv(4096)
        except TimeoutError:
            client.sendall(byte)
        else:
            if not piece:
                return said
            said += piece
    raise AssertionError("it never hangs up")


def test_three_hundred_silent_connections_hold_up_nobody():
    with served() as listener, ExitStack() as crowd:
        for _ in range(300):
            crowd.enter_context(connect(listener))
        assert ask(listener) == b"hello"


def test_beyond_the_limit_the_one_that_kept_waiting_longest_makes_room():
    with served(patience=Patience(most=10)) as listener, ExitStack() as crowd:
        first = crowd.enter_context(connect(listener))
        for _ in range(40):
            crowd.enter_context(connect(listener))
        assert ask(listener) == b"hello"
        assert first.recv(1) == b""


def test_one_that_says_nothing_is_shown_out():
    with served(patience=Patience(head_s=0.1)) as listener, connect(listener) as client:
        assert client.recv(1) == b""


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"GET / HTTP/1.1\r\nX: ", id="a head"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n", id="a body"),
        pytest.param(ASK + b"GET / HTTP/1.1\r\nX: ", id="the head of a second request"),
    ],
)
def test_one_that_never_ends_its_request_is_shown_out_however_steadily_it_sends(start):
    patience = Patience(head_s=0.1, request_s=0.1)
    with served(patience=patience) as listener, connect(listener) as client:
        client.sendall(start)
        with suppress(ConnectionError):
            drip(client, b"x")


def test_empty_lines_are_no_request():
    with (
        served(patience=Patience(head_s=0.1)) as listener,
        connect(listener) as client,
        suppress(ConnectionError),
    ):
        assert drip(client, b"\r\n") == b""


def test_one_that_takes_nothing_of_its_answer_frees_its_thread():
    is_over = Event()

    class Flood:
        """More than any buffer holds."""

        def __iter__(self):
            for _ in range(64):
                yield b"x" * 1_000_000

        def close(self):
            is_over.set()

    def flood(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Flood()

    with served(flood, Patience(answer_s=0.1)) as listener, connect(listener) as client:
        client.sendall(ASK)
        assert is_over.wait(30)


def test_one_that_asks_again_in_time_keeps_its_connection():
    with served(patience=Patience(head_s=0.1, rest_s=60)) as listener, connect(listener) as client:
        for is_last in (False, True):
            client.sendall(ASK)
            answer = b""
            while not answer.endswith(b"hello"):
                answer += client.recv(4096)
            with connect(listener) as silent:  # which is shown out when the page has looked for the overdue
                assert is_last or silent.recv(1) == b""


def test_what_has_not_changed_leaves_the_connection_open():
    def unchanged(environ, start_response):
        start_response("304 Not Modified", [("ETag", '"a"')])
        return []

    with served(unchanged) as listener, connect(listener) as client:
        for _ in range(3):
            client.sendall(ASK)
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += client.recv(4096)
            assert answer.startswith(b"HTTP/1.1 304")
            assert b"close" not in answer
        client.sendall(ASK.replace(b"Host", b"Connection: close\r\nHost"))
        while client.recv(4096):
            pass
