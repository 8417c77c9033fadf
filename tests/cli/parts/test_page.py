import socket
import urllib.request

import pytest

from scheduler.cli.parts.page import Page, address_of, bind, check_reach
from scheduler.errors import BadSetting


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_application_is_served_on_a_free_port(host):
    listener = bind(host, 0)
    page = Page(hello, listener)
    page.start()

    with urllib.request.urlopen(address_of(listener), timeout=20) as answer:
        assert answer.read() == b"hello"
        assert "Server" not in answer.headers or "waitress" not in answer.headers["Server"]

    page.close()


def test_a_port_in_use_is_refused_by_its_number():
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with pytest.raises(BadSetting, match=f"DIRIGENT_PORT={port}: address already in use on 127.0.0.1"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_a_host_that_others_reach_is_refused_while_nobody_has_an_account(migrated_sqlite_db, host):
    with pytest.raises(BadSetting, match="loopback only"):
        check_reach(host, migrated_sqlite_db)


def test_a_host_without_an_address_is_refused_by_its_name():
    with pytest.raises(BadSetting, match=r"no address is known for nowhere\.invalid"):
        bind("nowhere.invalid", 0)


def test_a_closed_page_answers_no_more():
    listener = bind("127.0.0.1", 0)
    address = listener.getsockname()
    page = Page(hello, listener)
    page.start()
    page.close()

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address)


def test_a_body_larger_than_any_form_is_refused_before_it_is_kept():
    listener = bind("127.0.0.1", 0)
    page = Page(hello, listener)
    page.start()

    with socket.create_connection(listener.getsockname(), timeout=20) as client:
        client.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000000\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"

    page.close()
