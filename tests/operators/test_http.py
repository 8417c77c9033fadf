"""HttpOperator and HttpSensor, against a real server."""

from __future__ import annotations

import pytest

from scheduler import Connection, HttpOperator, HttpSensor, PokeReturnValue
from scheduler.testing.local_channel import LocalChannel
from tests.hooks.service import serve
from tests.runtime.attempts import attempt


def has_y(response):
    return "y" in response.text


@pytest.fixture(scope="module")
def service():
    with serve() as server:
        yield server


def ask(dag, service, connection=None, **arguments):
    HttpOperator("a", http_conn_id="api", **arguments)
    channel = LocalChannel("d", {}, {"api": connection or service.connection()})
    return attempt(dag, channel)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"endpoint": "orders", "method": "GET"}, "GET /orders "),
        (
            {"endpoint": "/orders", "method": "get", "data": {"day": "{{ ds }}"}},
            "GET /orders?day=2026-11-21 ",
        ),
        ({"endpoint": "orders", "data": "text"}, "POST /orders text"),
        ({"endpoint": "orders", "data": {"a": "1"}}, "POST /orders a=1"),
        (
            {"endpoint": "orders/{{ ds }}", "method": "PUT", "json": {"a": [1]}},
            'PUT /orders/2026-11-21 {"a": [1]}',
        ),
        ({"endpoint": "orders", "method": "DELETE"}, "DELETE /orders "),
        (
            {"endpoint": "x", "response_filter": lambda response, ds: [response.status_code, ds]},
            [200, "2026-11-21"],
        ),
    ],
)
def test_the_answer_is_the_result(dag, service, arguments, answer):
    assert ask(dag, service, **arguments).xcoms == {"return_value": answer}


def test_login_and_headers_come_from_the_connection(dag, service):
    connection = service.connection(
        login="ada", password="p:w", schema="v1", extra='{"X-Shop": "books", "timeout": 5}'
    )
    outcome = ask(dag, service, connection, endpoint="orders", headers={"X-Day": "{{ ds }}"})
    assert outcome.xcoms["return_value"] == "POST /v1/orders "
    headers = service.headers[-1]
    assert headers["authorization"] == "Basic YWRhOnA6dw=="
    assert (headers["x-shop"], headers["x-day"]) == ("books", "2026-11-21")
    assert "timeout" not in headers


def test_a_whole_address_needs_no_connection(dag, service):
    HttpOperator("a", endpoint=f"http://127.0.0.1:{service.server_port}/x", http_conn_id=None, method="GET")
    assert attempt(dag).xcoms["return_value"] == "GET /x "


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"endpoint": "status/503", "method": "GET"}, "503 Service Unavailable: GET /status/503"),
        (
            {"endpoint": "x", "response_check": lambda response: "no" in response.text},
            "response_check says no",
        ),
    ],
)
def test_a_bad_answer_fails_the_task(dag, service, arguments, words):
    outcome = ask(dag, service, **arguments)
    assert outcome.state == "failed"
    assert words in outcome.reason


def test_errors_may_be_asked_for(dag, service):
    outcome = ask(dag, service, endpoint="status/418", method="GET", extra_options={"check_response": False})
    assert outcome.xcoms["return_value"] == "GET /status/418 "


def test_a_connection_without_a_host_is_named(dag, service):
    outcome = ask(dag, service, Connection("api", conn_type="http"), endpoint="orders")
    assert "endpoint='orders' is no whole address, and connection 'api' has no host" in outcome.reason


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        ({"endpoint": "ready"}, "success"),
        ({"endpoint": "status/404"}, "reschedule"),
        ({"endpoint": "status/500"}, "failed"),
        ({"endpoint": "status/503", "response_error_codes_allowlist": ["503"]}, "reschedule"),
        ({"endpoint": "x", "response_check": has_y}, "reschedule"),
        (
            {
                "endpoint": "x",
                "request_params": {"q": "y"},
                "response_check": has_y,
            },
            "success",
        ),
        ({"endpoint": "x", "response_check": lambda response: PokeReturnValue(True, 1)}, "success"),
    ],
)
def test_a_sensor_waits_for_an_answer(dag, service, arguments, state):
    HttpSensor("a", http_conn_id="api", mode="reschedule", **arguments)
    assert attempt(dag, LocalChannel("d", {}, {"api": service.connection()})).state == state
