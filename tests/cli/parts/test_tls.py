"""The page over TLS: asked, streamed to, renewed, and left alone by who speaks otherwise."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scheduler.cli.parts.page import Page, bind
from scheduler.cli.parts.tls import Certificate
from scheduler.cli.parts.visitors import Patience, WsgiApp
from scheduler.errors import BadSetting
from tests.cli.parts.test_streams import STREAM, Talk, hear
from tests.cli.parts.test_visitors import ASK, connect, hello
from tests.services.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def certificate(authority: Authority, tmp_path: Path) -> Certificate:
    return Certificate(*authority.issue(tmp_path))


@contextmanager
def sealed(
    seal: Certificate, app: WsgiApp = hello, patience: Patience | None = None
) -> Iterator[socket.socket]:
    """Give the listening socket of a page that speaks TLS."""
    listener = bind("127.0.0.1", 0)
    page = Page(app, listener, patience, seal=seal)
    page.start()
    try:
        yield listener
    finally:
        page.close()


def knock(listener: socket.socket, authority: Authority) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(authority.file))
    return context.wrap_socket(connect(listener), server_hostname="127.0.0.1")


def mirror(environ, start_response):
    """Answer what was sent, and by which scheme."""
    said = environ["wsgi.url_scheme"].encode() + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]


def test_a_request_larger_than_a_record_and_its_answer_pass(certificate: Certificate, authority: Authority):
    body = b"x" * 1_000_000
    with sealed(certificate, mirror) as listener, knock(listener, authority) as client:
        for _ in range(2):
            head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
            client.sendall(head + body)
            answer = hear(client, b"https" + body)
            assert answer.startswith(b"HTTP/1.1 200")


def test_requests_that_come_together_are_answered_one_after_the_other(
    certificate: Certificate, authority: Authority
):
    with sealed(certificate) as listener, knock(listener, authority) as client:
        client.sendall(ASK * 20)
        heard = b""
        while heard.count(b"hello") < 20:
            heard += client.recv(4096)


def test_streams_are_encrypted_too(certificate: Certificate, authority: Authority):
    talk = Talk()
    with sealed(certificate, talk.app) as listener, knock(listener, authority) as client:
        client.sendall(STREAM)
        hear(client, b"data: 1\n\n")
        talk.send(b"data: 2\n\n")
        hear(client, b"data: 2\n\n")


def test_who_speaks_plainly_or_nothing_is_left_and_holds_up_nobody(
    certificate: Certificate, authority: Authority
):
    with sealed(certificate, patience=Patience(head_s=0.1)) as listener:
        with connect(listener) as silent, connect(listener) as plain:
            plain.sendall(ASK)
            with suppress(ConnectionError):
                assert b"HTTP" not in plain.recv(4096)
            assert silent.recv(1) == b""
        with knock(listener, authority) as client:
            client.sendall(ASK)
            hear(client, b"hello")


def test_a_renewed_certificate_is_shown_to_those_who_come_then(
    certificate: Certificate, authority: Authority, tmp_path: Path
):
    with sealed(certificate) as listener:
        with knock(listener, authority) as client:
            before = client.getpeercert()
        key = (tmp_path / "server.key").read_bytes()
        authority.issue(tmp_path)
        new_key = (tmp_path / "server.key").read_bytes()
        (tmp_path / "server.key").write_bytes(key)
        certificate.renew()
        with knock(listener, authority) as client:
            assert client.getpeercert() == before
        (tmp_path / "server.key").write_bytes(new_key)
        certificate.renew()
        with knock(listener, authority) as client:
            assert client.getpeercert() != before


def test_a_file_that_is_no_certificate_is_refused_by_its_name(tmp_path: Path):
    with pytest.raises(
        BadSetting, match=r"DIRIGENT_TLS_CERTIFICATE=.*absent\.pem.*cannot be read: no such file"
    ):
        Certificate(tmp_path / "absent.pem")
    (tmp_path / "empty.pem").write_text("no certificate")
    with pytest.raises(BadSetting, match="no certificate with its key in PEM"):
        Certificate(tmp_path / "empty.pem")
