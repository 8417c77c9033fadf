"""Versions of a DAG: each can be read, and what changed between two."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store.tables import blob, dag, snapshot
from scheduler.store.versions import store_version
from tests.webui import seed
from tests.webui.conftest import Browser
from webui import differences

NEW = b"def prices() -> dict:\n    return {'EUR': 1}\n\n\nprint(1)\n"
OTHER = b"SECRET = 1\n"


@pytest.fixture(autouse=True)
def second_version(db: Database) -> None:
    """Give the DAG a version in which a task is gone and one has another setting."""
    tasks = tuple(
        replace(task, retries=5) if task.task_id == "extract" else task for task in seed.ORDERS.tasks[:-1]
    )
    with db.write() as session:
        names = {}
        for data in (NEW, OTHER):
            name = names[data] = hashlib.sha256(data).hexdigest()
            session.execute(sa.insert(blob).values(hash=name, data=zlib.compress(data), size=len(data)))
        manifest = {"orders.py": [names[NEW], len(NEW), 420], "other.py": [names[OTHER], len(OTHER), 420]}
        values = {"hash": "second", "manifest": manifest, "created_at": seed.NOW}
        made = session.execute(sa.insert(snapshot).values(values).returning(snapshot.c.id)).scalar_one()
        version = store_version(session, replace(seed.ORDERS, tasks=tasks), made, seed.NOW)
        new = {"version_id": version.id, "snapshot_id": made}
        session.execute(sa.update(dag).where(dag.c.dag_id == "orders_hourly").values(new))


def test_any_version_can_be_read_and_says_how_many_runs_used_it(person: Browser) -> None:
    newest = person.get("/dags/orders_hourly/code").text
    assert "EUR" in newest
    assert 'href="/dags/orders_hourly/runs?version=1">13</a>' in newest
    first = person.get("/dags/orders_hourly/code?version=1").text
    assert "EUR" not in first
    assert "not the one in force" in first
    assert person.get("/dags/orders_hourly/runs?version=1").text.count('<tr data-href="') == 13
    assert person.get("/dags/orders_hourly/runs?version=2").text.count('<tr data-href="') == 0
    assert person.get("/dags/orders_hourly/code?version=7").status_code == 404


@pytest.mark.parametrize("view", ["split", "unified"])
def test_what_changed_is_told_by_line_and_by_task(person: Browser, view: str) -> None:
    text = person.get(f"/dags/orders_hourly/code/diff?from=1&to=2&view={view}").text
    assert 'added">    return {&#39;EUR&#39;: 1}</td>' in text
    assert 'removed">    return {}</td>' in text
    assert '<b>notify</b></span><span class="tag">removed</span>' in text
    assert "retries:</span> <code>2</code> → <code>5</code>" in text


def test_files_of_other_dags_are_not_shown_by_a_comparison(person: Browser) -> None:
    text = person.get("/dags/orders_hourly/code/diff?file=other.py").text
    assert "SECRET" not in text
    assert "EUR" in text


def test_lines_that_are_the_same_are_left_out():
    before = "\n".join(str(number) for number in range(100))
    found = differences.changed_lines(before, before.replace("\n50\n", "\nfifty\nmore\n"))
    assert [line.kind for line in found] == ["gap", "same", "same", "same", "changed", "added", *["same"] * 3]
    assert (found[4].old, found[4].new, found[4].text, found[4].other) == (51, 51, "50", "fifty")
    assert differences.changed_lines("a", "a") == []
