"""The stream of events as a browser gets it, from the server that serves the pages."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from scheduler.cli.parts.page import Page, address_of, bind
from scheduler.store import Database
from scheduler.store.tables import dag_run
from tests.webui.conftest import Browser
from tests.webui.live.test_hub import happens
from tests.webui.test_actions import LIVE_RUN, LIVE_RUN_ID
from webui.api import waiting
from webui.security import cookie_name


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    listener = bind("127.0.0.1", 0)
    page = Page(app, listener)
    page.start()
    yield address_of(listener)
    page.close()


@contextmanager
def stream(
    server: str, app: Flask, person: Browser, path: str, **more: str
) -> Iterator[http.client.HTTPResponse]:
    """Ask for a stream with the session of a person."""
    with app.test_request_context():
        name = cookie_name()
    cookie = person.client.get_cookie(name, domain="127.0.0.1")
    headers = more | ({"Cookie": f"{name}={cookie.value}"} if cookie else {})
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


def _ends(db: Database, run_id: str) -> None:
    with db.write() as session:
        session.execute(sa.update(dag_run).where(dag_run.c.run_id == run_id).values(state="success"))


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_who_waits_for_a_run_holds_no_thread_and_is_told_when_it_has_ended(
    server: str, app: Flask, db: Database, person: Browser, kind: str
):
    path = f"/api/v2{LIVE_RUN.replace('/runs/', '/dagRuns/')}/wait?interval=0.01"
    with ExitStack() as stack:
        # More than there are threads.
        answers = [stack.enter_context(stream(server, app, person, path, Accept=kind)) for _ in range(12)]
        assert {(each.status, each.headers["Content-Type"]) for each in answers} == {(200, kind)}
        if kind.endswith("ndjson"):
            assert json.loads(answers[0].readline()) == {"state": "running"}
        _ends(db, LIVE_RUN_ID)
        for answer in answers:
            last = answer.read().splitlines()[-1]
            assert json.loads(last) == {"state": "success", "results": {}}


def test_an_account_waits_for_so_many_runs_and_no_more(
    server: str, app: Flask, db: Database, person: Browser, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "MOST", 1)
    path = f"/api/v2{LIVE_RUN.replace('/runs/', '/dagRuns/')}/wait?interval=0.01"
    lines = {"Accept": "application/x-ndjson"}
    with stream(server, app, person, path, **lines) as first:
        first.readline()
        with stream(server, app, person, path) as second:
            assert (second.status, second.headers["Retry-After"]) == (429, "5")
        _ends(db, LIVE_RUN_ID)
        first.read()
    with stream(server, app, person, path) as third:
        assert third.status == 200


def test_whoever_waits_for_a_run_that_is_deleted_reads_a_problem(
    server: str, app: Flask, db: Database, person: Browser
):
    path = f"/api/v2{LIVE_RUN.replace('/runs/', '/dagRuns/')}/wait?interval=0.01"
    with stream(server, app, person, path) as answer:
        with db.write() as session:
            session.execute(sa.delete(dag_run).where(dag_run.c.run_id == LIVE_RUN_ID))
        assert json.loads(answer.read())["status"] == 404


def test_where_nothing_can_wait_programs_are_told_to_ask(person: Browser):
    path = f"/api/v2{LIVE_RUN.replace('/runs/', '/dagRuns/')}/wait?interval=1"
    assert person.get(path).status_code == 503
