"""The stream of events as a browser gets it, from the server that serves the pages."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from flask import Flask

from scheduler.cli.parts.page import Page, address_of, bind
from scheduler.store import Database
from tests.webui.conftest import Browser
from tests.webui.live.test_hub import happens
from webui.security import cookie_name


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    listener = bind("127.0.0.1", 0)
    page = Page(app, listener)
    page.start()
    yield address_of(listener)
    page.close()


@contextmanager
def stream(server: str, app: Flask, person: Browser, path: str) -> Iterator[http.client.HTTPResponse]:
    """Ask for a stream with the session of a person."""
    with app.test_request_context():
        name = cookie_name()
    cookie = person.client.get_cookie(name, domain="127.0.0.1")
    headers = {"Cookie": f"{name}={cookie.value}"} if cookie else {}
    connection = http.client.HTTPConnection(str(urlsplit(server).netloc), timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def event(answer: http.client.HTTPResponse) -> dict[str, str]:
    """Read one event."""
    lines = list(iter(lambda: answer.readline().decode().rstrip("\n"), ""))
    return dict(line.split(": ", 1) for line in lines)


def test_a_signed_in_page_hears_of_what_happens(server: str, app: Flask, db: Database, person: Browser):
    with stream(server, app, person, "/ui/live?dag=orders_hourly") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        hello = event(answer)
        assert hello["event"] == "hello"
        happens(db, "orders_hourly")
        assert event(answer) == {"id": str(int(hello["id"]) + 1), "event": "change", "data": "1"}


def test_nobody_else_gets_a_stream(server: str, app: Flask, stranger: Browser):
    with stream(server, app, stranger, "/ui/live") as answer:
        assert answer.status == 401


def test_of_a_dag_that_is_not_there_there_is_no_stream(server: str, app: Flask, person: Browser):
    with stream(server, app, person, "/ui/live?dag=gone") as answer:
        assert answer.status == 404


def test_a_server_without_streams_has_pages_ask(person: Browser):
    assert person.get("/ui/live").status_code == 503
