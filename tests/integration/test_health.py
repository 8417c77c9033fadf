"""Health is progress: a process that lives and does nothing is red, and green again when it goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from scheduler.cli.health import ask
from tests.integration.project import Project
from tests.integration.waiting import eventually

pytestmark = pytest.mark.slow


def late(address: str) -> set[str]:
    """Return the parts that are late, as a probe is told."""
    is_ok, body = ask(f"{address}/health")
    found = {name for name, words in body["parts"].items() if words != "ok"}
    assert is_ok == (not found), body
    return found


def test_a_frozen_loop_and_a_blocked_database_turn_health_red_and_it_turns_green_by_itself(new_project: Any):
    shop: Project = new_project(health_late_s="1", lease_s="6", heartbeat_s="1")
    server = shop.start(DIRIGENT_TEST_FAILPOINTS="lead-taken.committed=sleep:6@2")
    # The thread that plans stands still in the second renewal of its lease; the page goes on.
    eventually(lambda: "scheduler" in late(server.address), told=shop.told)
    assert server.is_running
    assert ask(f"{server.address}/health/live") == (True, {"status": "alive", "parts": {}})
    said = shop.dirigent("health", "--url", server.address)
    assert (said.returncode, "late since" in said.stdout) == (1, True)
    eventually(lambda: not late(server.address), told=shop.told)
    with closing(sqlite3.connect(shop.home / "dirigent.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write: neither lead nor leases are renewed
        eventually(lambda: late(server.address) >= {"scheduler", "worker", "leases"}, told=shop.told)
    eventually(lambda: not late(server.address), told=shop.told)
    assert ask(f"{server.address}/health")[1]["parts"].keys() >= {
        *("scheduler", "worker", "leases", "tickets", "publisher", "children", "dag folder"),
    }
