"""Two runs side by side."""

from __future__ import annotations

from urllib.parse import quote, unquote

from scheduler.store import Database
from scheduler.store.tables import dag_run
from scheduler.store.views import runs
from tests.webui.conftest import Browser
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


def test_what_cannot_be_compared_is_refused_in_words(db: Database, person: Browser) -> None:
    ids = chosen(db)
    assert person.get(f"/runs/compare?run={ids['failed']}").status_code == 400
    assert person.get(f"/runs/compare?run={ids['failed']}&run=orders_hourly/gone").status_code == 404
    assert person.get(f"/runs/compare?run={ids['failed']}&run=12").status_code == 400
