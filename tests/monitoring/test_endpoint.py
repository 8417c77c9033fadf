"""Who may read what at the small endpoint."""

from __future__ import annotations

import json

import pytest
from werkzeug.test import Client

from scheduler.monitoring.endpoint import Endpoint
from scheduler.monitoring.monitor import Monitor
from scheduler.vitals import Vitals
from tests.monitoring.clocks import HandClock

TOKEN = "a token of the tests"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def vitals(clock) -> Vitals:
    return Vitals(clock.monotonic, 30)


@pytest.fixture
def make_client(migrated_sqlite_db, clock, vitals):
    def make(token: str | None) -> Client:
        monitor = Monitor(migrated_sqlite_db, clock, vitals, role="worker", version="1", tells_state=False)
        return Client(Endpoint(monitor, token))

    return make


@pytest.fixture
def client(make_client):
    return make_client(TOKEN)


def test_metrics_and_figures_want_the_token(client):
    for path in ("/metrics", "/scaling", "/nothing"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
        assert client.get(path, headers={"Authorization": TOKEN}).status_code == 401
    good = {"Authorization": f"Bearer {TOKEN}"}
    assert "dirigent_build_info" in client.get("/metrics", headers=good).text
    assert client.get("/scaling", headers=good).get_json()["queues"] == {}
    assert client.get("/nothing", headers=good).status_code == 404


def test_without_a_token_only_the_names_of_loopback_are_answered(make_client):
    client = make_client(None)
    for host in ("127.0.0.1:9090", "localhost", "[::1]:1"):
        assert client.get("/metrics", base_url=f"http://{host}").status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example"):
        assert client.get("/metrics", base_url=f"http://{host}").status_code == 421


def test_nothing_is_written_there(client):
    assert client.post("/metrics").status_code == 405
    assert client.delete("/health").status_code == 405


def test_health_is_for_everybody_and_names_what_is_late(client, clock, vitals):
    pulse = vitals.watch("worker", 1)
    assert client.get("/health").get_json() == {"status": "healthy", "parts": {"worker": "ok"}}
    clock.pass_time(31)
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "unhealthy", "parts": {"worker": "late since 31 s"}}
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    pulse.beat()
    assert client.get("/health").status_code == 200


def test_a_process_whose_loop_hangs_asks_to_be_restarted(client, clock, vitals):
    vitals.watch("worker", 1)
    clock.pass_time(1000)
    answer = client.get("/health/live")
    assert (answer.status_code, json.loads(answer.data)) == (503, {"status": "hangs"})


def test_figures_are_not_to_be_had_while_the_database_is_away(client, migrated_sqlite_db, tmp_path):
    path = migrated_sqlite_db.url.database
    migrated_sqlite_db.close()
    with open(path, "r+b") as file:  # noqa: PTH123 - the file of the database, made unreadable
        file.write(b"\0" * 4096)
    answer = client.get("/scaling", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 503
    assert "detail" in answer.get_json()
