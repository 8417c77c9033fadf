"""What a run returned, on its page and in the API."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store.tables import dag_run, dag_version
from scheduler.store.xcoms import XComRow, put_xcoms
from scheduler.wire import dag_from_json, dag_to_json
from tests.webui import seed
from tests.webui.conftest import Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

RUN = f"/api/v2/dags/orders_hourly/dagRuns/{FAILED_RUN_ID}"


@pytest.fixture
def returned(db: Database) -> None:
    """Let `extract` be what runs return."""
    with db.write() as session:
        run = session.execute(sa.select(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID)).one()
        which = dag_version.c.id == run.version_id
        spec = dag_from_json(session.execute(sa.select(dag_version.c.graph).where(which)).scalar_one())
        tasks = tuple(
            replace(each, returns_dag_result=True) if each.task_id == "extract" else each
            for each in spec.tasks
        )
        graph = dag_to_json(replace(spec, tasks=tasks))
        session.execute(sa.update(dag_version).where(which).values(graph=graph))
        put_xcoms(session, seed.NOW, [XComRow(run.id, "extract", "", "return_value", {"<b>": [1, 2]})])


@pytest.mark.usefixtures("returned")
def test_the_page_of_a_run_shows_what_it_returned(person: Browser) -> None:
    text = person.get(f"{FAILED_RUN}/result").text
    assert "Returned" in text
    assert "&lt;b&gt;" in text
    assert "Nothing returned" not in text


@pytest.mark.usefixtures("returned")
def test_the_api_gives_what_a_run_returned_by_task(person: Browser) -> None:
    assert json.loads(person.get(RUN).text)["results"] == {"extract": {"<b>": [1, 2]}}


def test_a_run_that_returns_nothing_says_so(person: Browser) -> None:
    assert "Nothing returned or published" in person.get(f"{FAILED_RUN}/result").text
    assert person.get(RUN).get_json()["results"] == {}
