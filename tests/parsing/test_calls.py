"""Who wants a DAG file parsed again calls the leader, from any process."""

from __future__ import annotations

import pytest

from scheduler.operations.parse_again import parse_again
from scheduler.parsing import folder
from scheduler.store import Database
from tests.parsing.conftest import NOW, Yard
from tests.runtime.processes import wait_until


def test_a_file_is_parsed_again_as_soon_as_another_process_calls(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "LOOK_S", 3600.0)
    yard.write_dag("orders.py", "orders")
    yard.db.watch()
    yard.folder.start()
    wait_until(lambda: "orders.py" in yard.records())
    first = yard.records()["orders.py"].parsed_at
    elsewhere = Database(yard.db.url.render_as_string(hide_password=False))
    elsewhere.transact(lambda session: parse_again(session, NOW, "orders.py", ["orders"], actor="cli"))
    elsewhere.close()
    wait_until(lambda: "orders.py" in yard.records() and yard.records()["orders.py"].parsed_at > first)
