"""Two attempts beside each other: what is the same, and what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotFound
from scheduler.store import Database
from scheduler.store.views import runs, tasks
from scheduler.store.views.tasks import Attempt
from tests.webui import seed
from tests.webui.conftest import Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID
from webui.attempts import changes, facts, pair

ONE = Attempt(
    id=1,
    kind="task",
    try_number=1,
    state="failed",
    queued_at=seed.NOW,
    claimed_at=seed.NOW + timedelta(seconds=2),
    start_date=seed.NOW + timedelta(seconds=3),
    end_date=seed.NOW + timedelta(seconds=10),
    worker_id="w",
    hostname="vm",
    exit_code=1,
    signal=None,
    cpu_s=None,
    peak_memory_bytes=None,
    reason="KeyError: 'day'",
    error={"type": "KeyError", "message": "'day'"},
    rendered={"day": "2026-11-21", "sql": "select 1"},
)
OTHER = replace(
    ONE,
    id=2,
    try_number=2,
    state="success",
    exit_code=None,
    reason="",
    error=None,
    rendered={"day": "2026-11-22", "sql": "select 1"},
)


def test_the_last_two_stand_beside_each_other_unless_others_are_asked_for() -> None:
    attempts = [ONE, OTHER, replace(OTHER, id=3)]
    assert [number for number, _ in pair(attempts, None, None)] == [2, 3]
    assert [number for number, _ in pair(attempts, 1, None)] == [1, 3]
    assert [number for number, _ in pair(attempts, 2, 2)] == [2]
    assert [number for number, _ in pair([ONE], None, None)] == [1]
    assert pair([], None, None) == []
    with pytest.raises(NotFound):
        pair(attempts, 4, None)


def test_what_differs_is_told_apart_from_what_is_the_same() -> None:
    found = {fact.label: fact for fact in facts([ONE, OTHER])}
    assert found["Ended as"].values == ("failed", "success")
    assert found["Error"].values == ("KeyError: 'day'", None)
    assert {label for label, fact in found.items() if fact.differs} == {
        "Ended as",
        "Why",
        "Error",
        "Exit code",
    }
    assert "Signal" not in found


def test_templates_that_were_rendered_otherwise_are_shown_by_line() -> None:
    found = changes([ONE, OTHER])
    assert list(found) == ["day"]
    assert (found["day"][0].text, found["day"][0].other) == ("2026-11-21", "2026-11-22")
    assert changes([]) == {}


def test_both_logs_stand_beside_each_other(db: Database, person: Browser) -> None:
    with db.write() as session:
        run = runs.find_run(session, "orders_hourly", FAILED_RUN_ID)
        task = tasks.find_task(session, run.id, "enrich.prices")
        seed.add_attempt(session, run.id, task.id, "success", seed.NOW, try_number=2, rendered={"day": "x"})
    text = person.get(f"{FAILED_RUN}/tasks/enrich.prices/attempts").text
    assert text.count('data-log="') == 2
    assert "was rendered otherwise" in text
    assert (
        person.get(f"{FAILED_RUN}/tasks/enrich.prices/attempts?one=2&other=2").text.count('data-log="') == 1
    )


def test_an_attempt_that_is_not_there_is_not_found(person: Browser) -> None:
    assert person.get(f"{FAILED_RUN}/tasks/enrich.prices/attempts?one=77").status_code == 404
    assert "No attempt yet" in person.get(f"{FAILED_RUN}/tasks/load/attempts").text
