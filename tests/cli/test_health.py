"""`dirigent health`, for probes without an HTTP client."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest

from scheduler.cli.parts.page import Page, address_of, bind


@pytest.fixture
def serve():
    """Serve an answer to every request; the address of the server."""
    pages = []

    def start(status: HTTPStatus, body: object) -> str:
        def app(environ, start_response):
            start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
            return [json.dumps(body).encode()]

        listener = bind("127.0.0.1", 0)
        pages.append(Page(app, listener))
        pages[-1].start()
        return address_of(listener)

    yield start
    for page in pages:
        page.close()


def test_a_healthy_server_is_exit_0(dirigent, serve):
    url = serve(HTTPStatus.OK, {"status": "healthy", "parts": {"worker": "ok"}})
    said = dirigent("health", "--url", url, "--output", "json")
    assert (said.code, said.json) == (0, {"status": "healthy", "worker": "ok"})


def test_a_part_that_is_late_is_named_and_exit_1(dirigent, serve):
    body = {"status": "unhealthy", "parts": {"worker": "late since 40 s"}}
    said = dirigent("health", "--url", serve(HTTPStatus.SERVICE_UNAVAILABLE, body))
    assert said.code == 1
    assert "late since 40 s" in said.out


def test_the_settings_say_where_the_server_is(dirigent, serve, monkeypatch):
    url = serve(HTTPStatus.OK, {"status": "alive"})
    monkeypatch.setenv("DIRIGENT_METRICS_PORT", url.rpartition(":")[2])
    said = dirigent("health", "--live", "--output", "json")
    assert (said.code, said.json) == (0, {"status": "alive"})


def test_no_answer_is_one_line_and_exit_1(dirigent, monkeypatch):
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    said = dirigent("health", "--url", f"http://127.0.0.1:{port}")
    assert said.code == 1
    assert said.err.startswith(f"dirigent: http://127.0.0.1:{port}/health/ready does not answer (")
    monkeypatch.setenv("DIRIGENT_PORT", "0")
    assert "No server runs on" in dirigent("health").err


def test_another_server_is_not_taken_for_one_of_dirigent(dirigent, serve):
    said = dirigent("health", "--url", serve(HTTPStatus.OK, ["hello"]))
    assert "is no server of Dirigent" in said.err
