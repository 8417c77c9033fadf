"""Two runs side by side."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest

from scheduler.store import Database
from scheduler.store.tables import dag_run
from scheduler.store.views import runs
from tests.webui.conftest import Browser
from webui.pages import compare
from webui.picks import run_name


def chosen(db: Database) -> dict[str, str]:
    """Return the name of the newest run of the DAG with history in each state."""
    with db.read() as session:
        found = runs.list_runs(session, runs.RunWanted(dag_id="orders_hourly"), limit=20)
    return {run.state: quote(run_name(run)) for run in reversed(found)}


def test_the_older_run_stands_first_whatever_the_order_of_the_choice(db: Database, person: Browser) -> None:
    ids = chosen(db)
    one = person.get(f"/runs/compare?run={ids['success']}&run={ids['failed']}").text
    other = person.get(f"/runs/compare?run={ids['failed']}&run={ids['success']}").text
    assert one.partition("<tbody>")[2] == other.partition("<tbody>")[2]
    assert "Both were given the same conf and params." in one


def test_tasks_that_ended_otherwise_and_what_was_given_are_told(db: Database, person: Browser) -> None:
    ids = chosen(db)
    with db.write() as session:
        session.execute(
            dag_run.update()
            .where(dag_run.c.run_id == unquote(ids["success"]).partition("/")[2])
            .values(conf={"limit": 7})
        )
    text = person.get(f"/runs/compare?run={ids['success']}&run={ids['failed']}&only=state").text
    assert "4 of 8 tasks" in text
    assert 'id="pair-join"' in text
    assert 'id="pair-extract"' not in text
    assert "&#34;limit&#34;: 7" in text


def test_tasks_of_two_large_runs_come_page_by_page(
    db: Database, person: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "_PAGE", 3)
    ids = chosen(db)
    address = f"/runs/compare?run={ids['success']}&run={ids['failed']}"
    pages = [person.get(f"{address}&page={number}").text for number in (1, 2, 3)]
    rows = [re.findall('id="pair-([^"]+)"', text) for text in pages]
    assert [len(each) for each in rows] == [3, 3, 2]
    assert len({*rows[0], *rows[1], *rows[2]}) == 8
    assert "8 of 8 tasks" in pages[2]
    assert "Page 2 of 3" in pages[1]
    assert person.get(f"{address}&page=9").text.count('id="pair-') == 2
    assert "Page 2 of 2" in person.get(f"{address}&only=state&page=2").text


def test_what_cannot_be_compared_is_refused_in_words(db: Database, person: Browser) -> None:
    ids = chosen(db)
    assert person.get(f"/runs/compare?run={ids['failed']}").status_code == 400
    assert person.get(f"/runs/compare?run={ids['failed']}&run=orders_hourly/gone").status_code == 404
    assert person.get(f"/runs/compare?run={ids['failed']}&run=12").status_code == 400
