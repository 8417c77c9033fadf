import socket
from urllib.request import Request, urlopen

import pytest

from scheduler.cli.parts.page import address_of
from scheduler.cli.parts.proxies import BehindProxies, networks
from tests.cli.parts.test_visitors import served


def seen(trusted: list[str], **given: str) -> tuple[str, str, str]:
    """Return what an application sees of who asks: address, scheme and name of the server."""
    environ = {"REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http", "HTTP_HOST": "inner", **given}
    BehindProxies(lambda environ, start: [], networks(trusted))(environ, None)
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "dags.example",
}


def test_what_a_trusted_proxy_says_is_believed():
    assert seen(["10.0.0.0/8"], **FORWARDED) == ("203.0.113.7", "https", "dags.example")


def test_nobody_else_is_believed():
    assert seen(["10.9.9.9"], **FORWARDED) == ("10.0.0.1", "http", "inner")


@pytest.mark.parametrize(
    ("hops", "asker"),
    [
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("1.2.3.4, 203.0.113.7:61234", "203.0.113.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("", "10.0.0.1"),
    ],
)
def test_what_stands_before_the_first_stranger_may_be_made_up(hops: str, asker: str):
    assert seen(["10.0.0.0/8"], HTTP_X_FORWARDED_FOR=hops)[0] == asker


def test_a_scheme_is_one_of_the_web():
    assert seen(["10.0.0.1"], HTTP_X_FORWARDED_PROTO="javascript")[1] == "http"


def test_a_proxy_is_known_by_its_address_on_a_socket_for_both_kinds_too():
    assert seen(["10.0.0.0/8"], REMOTE_ADDR="::ffff:10.0.0.5", **FORWARDED)[0] == "203.0.113.7"


@pytest.mark.parametrize(("trusted", "scheme"), [(["127.0.0.1"], "https"), ([], "http")])
def test_what_they_say_comes_through_the_real_server_and_of_strangers_nothing_does(
    trusted: list[str], scheme: str
):
    def echo(environ, start_response):
        start_response("200 OK", [])
        told = sorted(name for name in environ if "FORWARDED" in name)
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']} {told}".encode()]

    with served(BehindProxies(echo, networks(trusted))) as listener:
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        with urlopen(Request(address_of(listener), headers=headers), timeout=30) as answer:
            said = answer.read().decode()
    assert said.startswith(f"203.0.113.7 {scheme}" if trusted else f"127.0.0.1 {scheme} []")


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: +4",
    ],
)
def test_a_body_that_a_proxy_may_have_counted_otherwise_brings_no_second_request(head: str):
    with served() as listener, socket.create_connection(listener.getsockname(), timeout=30) as client:
        client.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode()
        )
        said = b"".join(iter(lambda: client.recv(65536), b""))
    assert said.count(b"HTTP/1.") == 1
    assert said.split()[1] in {b"400", b"501"}
