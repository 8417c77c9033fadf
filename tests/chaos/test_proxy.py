"""The network of the tests' own does what its words say."""

from __future__ import annotations

import socket
from threading import Thread

import pytest

from tests.chaos.proxy import Proxy


@pytest.fixture
def echo():
    """The port of a server that sends back what it gets."""

    def serve(end: socket.socket) -> None:
        with end:
            while piece := end.recv(1024):
                end.sendall(piece)

    def accept() -> None:
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            Thread(target=serve, args=(end,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def call(proxy: Proxy) -> socket.socket:
    end = socket.create_connection(("127.0.0.1", proxy.port))
    end.settimeout(5)
    return end


def test_it_passes_on_both_ways(echo):
    with Proxy(echo) as proxy, call(proxy) as end:
        end.sendall(b"hello")
        assert end.recv(1024) == b"hello"


def test_silence_holds_back_and_loses_nothing(echo):
    with Proxy(echo) as proxy, call(proxy) as end:
        proxy.silence()
        end.sendall(b"hello")
        end.settimeout(0.2)
        with pytest.raises(TimeoutError):
            end.recv(1024)
        proxy.mend()
        end.settimeout(5)
        assert end.recv(1024) == b"hello"


def test_a_cut_ends_connections_and_refuses_new_ones_until_it_is_mended(echo):
    with Proxy(echo) as proxy, call(proxy) as end:
        end.sendall(b"hello")
        assert end.recv(1024) == b"hello"
        proxy.cut()
        assert end.recv(1024) == b""
        with pytest.raises(ConnectionRefusedError):
            call(proxy)
        proxy.mend()
        with call(proxy) as again:
            again.sendall(b"hello")
            assert again.recv(1024) == b"hello"
