"""A mapped task on the pages and in the API: one row with counts, its instances on request."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store.tables import task_instance
from tests.webui.conftest import Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

TASKS = f"/api/v2/dags/orders_hourly/dagRuns/{FAILED_RUN_ID}/taskInstances"
COUNT = 230


@pytest.fixture(autouse=True)
def mapped(db: Database) -> None:
    """Make `extract` of the failed run into a mapped task."""
    ti = task_instance.c
    with db.write() as session:
        run_pk = session.execute(
            sa.text("SELECT id FROM dag_run WHERE run_id = :run"), {"run": FAILED_RUN_ID}
        ).scalar_one()
        which = (ti.run_pk == run_pk, ti.task_id == "extract")
        row = session.execute(sa.select(task_instance).where(*which)).one()._asdict()
        session.execute(
            sa.update(task_instance).where(*which).values(path="0", rendered_map_index="shop one")
        )
        del row["id"]
        states = {7: "failed", 8: "running"}
        rows = [row | {"path": str(at), "state": states.get(at, "success")} for at in range(1, COUNT)]
        session.execute(sa.insert(task_instance), rows)


def test_the_tasks_of_a_run_show_one_row_with_counts(person: Browser) -> None:
    text = person.get(f"{FAILED_RUN}/tasks").text
    assert "1 failed, 1 running, 228 success" in " ".join(text.split()).lower().replace(
        "succeeded", "success"
    )
    assert text.count(">extract</b>") == 1
    assert "task=extract" in text


def test_a_mapped_task_opens_to_its_instances_page_by_page(person: Browser) -> None:
    first = person.get(f"{FAILED_RUN}/tasks?task=extract").text
    last = person.get(f"{FAILED_RUN}/tasks?task=extract&page=3").text
    assert "</b>[0]" in first
    assert "shop one" in first
    assert "</b>[99]" in first
    assert "</b>[100]" not in first
    assert "</b>[229]" in last
    assert "Page 3 of 3" in last


def test_the_page_of_a_mapped_task_is_that_of_the_instance_that_wants_to_be_looked_at(
    person: Browser,
) -> None:
    text = person.get(f"{FAILED_RUN}/tasks/extract").text
    assert "extract[7]" in text
    assert "All instances of extract" in text
    assert "extract[3]" in person.get(f"{FAILED_RUN}/tasks/extract?path=3").text


def test_the_api_gives_instances_by_map_index(person: Browser) -> None:
    one = person.get(f"{TASKS}/extract?map_index=0").get_json()
    assert (one["map_index"], one["rendered_map_index"], one["state"]) == (0, "shop one", "success")
    assert person.get(f"{TASKS}/extract/7").get_json()["state"] == "failed"
    assert person.get(f"{TASKS}/validate?map_index=-1").get_json()["map_index"] == -1
    answer = person.get(f"{TASKS}/extract")
    assert answer.status_code == 404
    assert "listMapped" in answer.text


def test_the_api_lists_instances_in_the_order_of_their_indices(person: Browser) -> None:
    answer = person.get(f"{TASKS}/extract/listMapped?limit=3&offset=9").get_json()
    assert [each["map_index"] for each in answer["task_instances"]] == [9, 10, 11]
    assert answer["total_entries"] == COUNT
    assert person.get(f"{TASKS}/validate/listMapped").status_code == 404


def test_behind_the_last_page_of_instances_there_is_none_and_the_filter_says_which_is_chosen(
    person: Browser,
) -> None:
    page = f"/dags/orders_hourly/runs/{FAILED_RUN_ID}/tasks"
    assert "No task." in person.get(f"{page}?task=extract&page=50").text
    assert "No task is skipped." in person.get(f"{page}?task=extract&state=skipped").text
    assert 'aria-current="true">All' in person.get(page).text
