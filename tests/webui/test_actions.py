"""What a person does on the pages: the preview says what happens, and that happens."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from scheduler.operations.delete import delete_run
from scheduler.operations.schedule_meaning import apply_meaning
from scheduler.store import Database
from scheduler.store import dags as stored_dags
from scheduler.store.tables import dag, snapshot
from scheduler.store.versions import load_graph
from scheduler.store.views import runs, tasks
from scheduler.store.views.dags import find_dag
from scheduler.store.views.runs import Run, RunWanted, Task
from tests.webui import seed
from tests.webui.conftest import HERE, Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID, OTHER_RUN_ID
from webui.fragments import as_note
from webui.picks import run_name

LIVE_RUN_ID = f"scheduled__{(seed.NOW - timedelta(seconds=25)).isoformat()}"
LIVE_RUN = f"/dags/orders_hourly/runs/{LIVE_RUN_ID.replace('+', '%2B')}"


def newest_run(db: Database) -> Run:
    with db.read() as session:
        return runs.list_runs(session, RunWanted(dag_id="orders_hourly"), limit=1)[0]


def count_runs(db: Database) -> int:
    with db.read() as session:
        return len(runs.list_runs(session, RunWanted(dag_id="orders_hourly"), limit=100))


def states(db: Database, run_id: str) -> dict[str, str]:
    with db.read() as session:
        run = runs.find_run(session, "orders_hourly", run_id)
        return {task.task_id: task.state for task in runs.list_tasks(session, run.id)}


def find_task(db: Database, run_id: str, task_id: str) -> Task:
    with db.read() as session:
        return tasks.find_task(session, runs.find_run(session, "orders_hourly", run_id).id, task_id)


def form_of(text: str) -> dict[str, str]:
    """Return the fields of a page's form, as a browser would send them untouched."""
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    return {name: html.unescape(value) for name, value in pairs}


FILLED = {"param.day": "2026-11-20", "param.limit": "5", "param.full": "true", "param.carrier": "DL"}


def test_a_run_is_triggered_with_what_was_filled_in(db: Database, person: Browser) -> None:
    answer = person.post("/dags/orders_hourly/trigger", **FILLED)
    assert answer.status_code == 303
    run = newest_run(db)
    assert run.conf == {"day": "2026-11-20", "limit": 5, "full": True, "carrier": "DL"}
    assert run.run_type == "manual"
    assert run.triggered_by == "user:owner"
    assert run.run_id in html.unescape(person.get(answer.headers["Location"] + "/conf").text)


def test_what_equals_the_default_is_not_sent(db: Database, person: Browser) -> None:
    person.post("/dags/orders_hourly/trigger", **{**FILLED, "param.day": "2026-11-21", "param.full": ""})
    assert newest_run(db).conf == {"limit": 5, "carrier": "DL"}


def test_a_second_click_triggers_nothing_more(db: Database, person: Browser) -> None:
    key = form_of(person.get("/dags/orders_hourly/trigger").text)["key"]
    before = count_runs(db)
    first = person.post("/dags/orders_hourly/trigger", key=key, **FILLED)
    second = person.post("/dags/orders_hourly/trigger", key=key, **FILLED)
    assert first.headers["Location"] == second.headers["Location"]
    assert count_runs(db) == before + 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"param.limit": "many"}, "'many' is not a whole number"),
        ({"param.limit": "0"}, "limit"),
        ({"param.carrier": "<b>"}, "carrier"),
        ({"conf": "{"}, "is not JSON"),
        ({"conf": "[1]"}, "must be a JSON object"),
    ],
)
def test_a_form_that_breaks_its_schema_comes_back_with_a_sentence(
    db: Database, person: Browser, wrong: dict[str, str], sentence: str
) -> None:
    before = count_runs(db)
    answer = person.post("/dags/orders_hourly/trigger", **{**FILLED, **wrong})
    assert answer.status_code == 400
    assert sentence in html.unescape(answer.text)
    assert "<b>" not in answer.text.partition('name="param.carrier"')[2][:200]
    assert count_runs(db) == before


def test_a_conf_of_20_mb_is_refused(db: Database, person: Browser) -> None:
    before = count_runs(db)
    answer = person.post("/dags/orders_hourly/trigger", conf=json.dumps({"x": "y" * 20_000_000}))
    assert answer.status_code == 413
    assert count_runs(db) == before


def test_trigger_again_starts_from_the_conf_of_that_run(db: Database, person: Browser) -> None:
    person.post("/dags/orders_hourly/trigger", **FILLED)
    run_id = newest_run(db).run_id.replace("+", "%2B")
    text = person.get(f"/dags/orders_hourly/trigger?like={run_id}").text
    assert 'value="2026-11-20"' in text


@pytest.mark.parametrize(
    ("scope", "task_id", "again"),
    [
        ("task", "enrich.prices", ["enrich.prices"]),
        ("downstream", "enrich.prices", ["enrich.prices", "join", "load", "notify"]),
        ("failed", "", ["enrich.prices", "join", "load", "notify"]),
        ("all", "", [task.task_id for task in seed.ORDERS.tasks]),
    ],
)
def test_a_rerun_does_what_its_preview_says(
    db: Database, person: Browser, scope: str, task_id: str, again: list[str]
) -> None:
    preview = person.get(f"{FAILED_RUN}/rerun?scope={scope}&task={task_id}").text
    plan = preview.partition('<ul class="plan">')[2].partition("</ul>")[0]
    assert sorted(re.findall(r"<li><span>([\w.]+)</span>", plan)) == sorted(again)
    assert f"Rerun {len(again)} task" in preview
    before = states(db, FAILED_RUN_ID)
    assert person.post(f"{FAILED_RUN}/rerun", scope=scope, task=task_id, code="then").status_code == 303
    after = states(db, FAILED_RUN_ID)
    assert {name for name in after if after[name] == "none"} == set(again)
    assert all(after[name] == before[name] for name in after if name not in again)


def test_a_rerun_with_nothing_to_run_says_so(person: Browser) -> None:
    good = person.get(
        f"/dags/orders_hourly/runs/scheduled__{seed.hours_ago(1).isoformat().replace('+', '%2B')}/rerun"
    )
    assert "none of the chosen tasks failed" in good.text
    assert "disabled" in good.text


def test_who_mended_a_file_is_told_that_the_code_of_now_is_another_one(db: Database, person: Browser) -> None:
    told = "files have changed since this run began"
    newer = b"newer files".hex()
    assert told not in person.get(f"{FAILED_RUN}/rerun?scope=failed").text
    with db.write() as session:
        snapshot_id = session.execute(
            sa.insert(snapshot)
            .values(hash=newer, manifest={}, created_at=seed.hours_ago(0))
            .returning(snapshot.c.id)
        ).scalar_one()
        session.execute(sa.update(dag).where(dag.c.dag_id == "orders_hourly").values(snapshot_id=snapshot_id))
    assert told in person.get(f"{FAILED_RUN}/rerun?scope=failed").text


def test_looking_changes_nothing(db: Database, person: Browser) -> None:
    before = states(db, FAILED_RUN_ID)
    for address in ("rerun?scope=all", "mark?to=success", "cancel"):
        person.get(f"{FAILED_RUN}/{address}")
    assert states(db, FAILED_RUN_ID) == before


def test_a_task_is_marked(db: Database, person: Browser) -> None:
    assert "enrich.prices" in person.get(f"{FAILED_RUN}/mark?task=enrich.prices&to=success").text
    assert person.post(f"{FAILED_RUN}/mark", task="enrich.prices", to="success").status_code == 303
    assert find_task(db, FAILED_RUN_ID, "enrich.prices").state == "success"


def test_a_run_is_marked(db: Database, person: Browser) -> None:
    assert person.post(f"{LIVE_RUN}/mark", to="success").status_code == 303
    assert set(states(db, LIVE_RUN_ID).values()) == {"success"}


def test_a_mark_that_does_not_exist_is_refused(db: Database, person: Browser) -> None:
    assert person.post(f"{LIVE_RUN}/mark", to="running").status_code == 400
    assert find_task(db, LIVE_RUN_ID, "join").state == "none"


def test_a_run_is_cancelled_as_its_preview_says(db: Database, person: Browser) -> None:
    preview = person.get(f"{LIVE_RUN}/cancel").text
    assert preview.count("<li>") == 4
    assert person.post(f"{LIVE_RUN}/cancel").status_code == 303
    after = states(db, LIVE_RUN_ID)
    assert after["enrich.customers"] == "failed"
    assert after["join"] == "skipped"


def test_a_cancelled_run_is_gone_on_with_what_was_stopped(db: Database, person: Browser) -> None:
    before = states(db, LIVE_RUN_ID)
    assert "It can be taken back" in person.get(f"{LIVE_RUN}/cancel").text
    answer = person.post(f"{LIVE_RUN}/cancel")
    undo = re.findall(r'data-sheet href="([^"]+)">Undo', person.get(answer.headers["Location"]).text)[0]
    sheet = person.get(html.unescape(undo)).text
    assert "4 tasks will run" in sheet
    assert "This cannot be undone" in sheet
    fields = MultiDict(re.findall(r'<input type="hidden" name="(pick)" value="([^"]+)"', sheet))
    assert set(fields.getlist("pick")) == {name for name, state in before.items() if state != "success"}
    form = MultiDict([*fields.items(multi=True), ("scope", "task"), ("csrf_token", person.token())])
    assert person.client.post(f"{LIVE_RUN}/rerun", data=form, base_url=HERE).status_code == 303
    after = states(db, LIVE_RUN_ID)
    assert after == {name: "success" if state == "success" else "none" for name, state in before.items()}


def test_cancelling_what_has_ended_is_a_sentence(person: Browser) -> None:
    answer = person.post(f"{FAILED_RUN}/cancel")
    assert answer.status_code == 409
    assert "has ended as failed" in answer.text


def test_a_dag_is_paused_and_resumed(db: Database, person: Browser) -> None:
    for is_paused in (True, False):
        answer = person.post("/dags/orders_hourly/pause", is_paused=str(is_paused).lower(), next="/dags")
        assert answer.headers["Location"] == "/dags"
        with db.read() as session:
            assert find_dag(session, "orders_hourly").is_paused is is_paused


def test_a_dag_asks_once_what_its_schedule_means(db: Database, person: Browser) -> None:
    address = "/dags/orders_hourly/schedule-meaning"
    assert "What does its schedule mean?" not in person.get("/dags/orders_hourly").text
    assert person.get(address).status_code == 409
    with db.write() as session:
        row = stored_dags.get_dag(session, "orders_hourly")
        spec = load_graph(session, row.version_id)
        unsure = replace(spec, schedule=replace(spec.schedule, meaning="unsure"))
        apply_meaning(session, seed.NOW, row, unsure)
    assert address in person.get("/dags/orders_hourly").text
    text = person.get(address).text
    cells = re.findall(r"<td[^>]*>2026-11-21 (\d\d:05):00 UTC</td>", text)
    assert cells[:6] == ["15:05", "15:05", "16:05", "16:05", "17:05", "17:05"]
    starts, dates = cells[6::2], cells[7::2]
    assert starts[0:2] == dates[1:3]
    answer = person.post(address, meaning="interval")
    assert answer.headers["Location"] == "/dags/orders_hourly"
    assert "What does its schedule mean?" not in person.get("/dags/orders_hourly").text
    with db.read() as session:
        row = stored_dags.get_dag(session, "orders_hourly")
        assert load_graph(session, row.version_id).schedule.kind == "cron_interval"


def test_the_page_says_why_a_task_waits(person: Browser) -> None:
    text = html.unescape(person.get(f"{LIVE_RUN}/tasks/join").text)
    assert "join is not running." in text
    assert "enrich.customers" in text.partition('id="why"')[2].partition("</div>")[0]


def test_every_action_can_be_copied_as_a_command(person: Browser) -> None:
    text = html.unescape(person.get(f"{FAILED_RUN}/rerun?scope=failed").text)
    assert f"dirigent runs rerun orders_hourly {FAILED_RUN_ID} --failed" in text.replace("'", "")
    assert "dirigent runs cancel orders_hourly" in person.get(f"{LIVE_RUN}/cancel").text


def test_many_tasks_are_rerun_together(db: Database, person: Browser) -> None:
    address = f"{FAILED_RUN}/rerun?pick=extract&pick=validate&scope=task"
    text = person.get(address).text
    assert "2 tasks will run" in text
    fields = {"scope": "task", "code": "then"}
    form = [("csrf_token", person.token()), ("pick", "extract"), ("pick", "validate"), *fields.items()]
    person.client.post(f"{FAILED_RUN}/rerun", data=MultiDict(form), base_url=HERE)
    found = states(db, FAILED_RUN_ID)
    assert (found["extract"], found["validate"], found["notify"]) == ("none", "none", "upstream_failed")


def test_a_group_is_rerun_and_marked_as_a_whole(db: Database, person: Browser) -> None:
    assert "3 tasks will run" in person.get(f"{FAILED_RUN}/rerun?group=enrich").text
    person.post(f"{FAILED_RUN}/mark", group="enrich", to="skipped")
    found = states(db, FAILED_RUN_ID)
    assert {found[f"enrich.{name}"] for name in ("geo", "prices", "customers")} == {"skipped"}
    assert person.get(f"{FAILED_RUN}/rerun?group=nowhere").status_code == 404


def test_a_mark_can_be_undone_where_a_mark_can_give_the_state_back(db: Database, person: Browser) -> None:
    person.post(f"{FAILED_RUN}/mark", pick="enrich.prices", to="success")
    undo = re.search(r'data-sheet href="([^"]+)">Undo', person.get(FAILED_RUN).text)
    assert undo
    text = person.get(html.unescape(undo[1])).text
    assert "Mark enrich.prices as failed" in text
    person.post(f"{FAILED_RUN}/mark", **form_of(text))
    assert states(db, FAILED_RUN_ID)["enrich.prices"] == "failed"


def test_many_runs_are_rerun_after_a_preview_that_leaves_out_what_does_not_change(
    db: Database, person: Browser
) -> None:
    with db.read() as session:
        found = runs.list_runs(session, RunWanted(dag_id="orders_hourly"), limit=4)
    failed, good = (
        next(quote(run_name(run)) for run in found if run.state == state) for state in ("failed", "success")
    )
    address = f"/runs/many?do=failed&run={failed}&run={good}"
    text = person.get(address).text
    assert "Of 2 chosen runs 1 change." in text
    assert "4 tasks" in text
    person.post(address, do="failed")
    assert states(db, FAILED_RUN_ID)["enrich.prices"] == "none"
    assert "1 of 1 done" in person.get("/runs").text
    assert person.get("/runs/many?do=failed&run=x").status_code == 400
    assert person.get("/runs/many?do=failed&run=1").status_code == 400
    assert person.get("/runs/many?do=paint&run=a/b").status_code == 400


def test_a_form_left_open_means_no_run_that_was_given_the_number_of_a_deleted_one(
    db: Database, person: Browser
) -> None:
    person.post("/dags/warehouse_sync/trigger")
    run_id = f"manual__{seed.NOW.isoformat()}"
    text = person.get(f"/runs/many?do=cancel&run=warehouse_sync/{quote(run_id)}").text
    assert f"warehouse_sync/{run_id}" in form_of(text)["run"]
    delete_run(db, seed.NOW, "warehouse_sync", run_id, actor="ada")
    person.post("/dags/orders_hourly/trigger", **FILLED)
    person.post("/runs/many", **form_of(text))
    assert newest_run(db).state == "queued"


def test_the_mark_of_a_run_says_which_tasks_it_stops(person: Browser) -> None:
    text = person.get(f"{LIVE_RUN}/mark?to=failed").text.partition('class="plan"')[2].partition("</ul>")[0]
    assert text.count("<li>") > 1
    assert "skipped" in text


def test_a_run_that_had_ended_can_be_marked_back(db: Database, person: Browser) -> None:
    answer = person.post(f"{FAILED_RUN}/mark", to="success")
    undo = html.unescape(re.findall(r'data-sheet href="([^"]+)">Undo', person.get(answer.location).text)[0])
    person.post(f"{FAILED_RUN}/mark", **form_of(person.get(undo).text))
    with db.read() as session:
        assert runs.find_run(session, "orders_hourly", FAILED_RUN_ID).state == "failed"


def test_many_runs_are_marked_as_failed_and_back(db: Database, person: Browser) -> None:
    run = f"orders_hourly/{OTHER_RUN_ID}"
    answer = person.post("/runs/many", run=run, do="fail")
    undo = html.unescape(re.findall(r'data-sheet href="([^"]+)">Undo', person.get(answer.location).text)[0])
    assert "Mark runs as success" in person.get(undo).text
    person.post("/runs/many", **form_of(person.get(undo).text))
    with db.read() as session:
        assert runs.find_run(session, "orders_hourly", OTHER_RUN_ID).state == "success"


def test_many_dags_are_paused_and_activated_again(db: Database, person: Browser) -> None:
    address = "/many/dags?dag=orders_hourly&dag=warehouse_sync&is_paused=true"
    assert "Of 2 chosen DAGs 1 change" in person.get(address).text
    person.post(address)
    undo = re.search(r'data-sheet href="([^"]+)">Undo', person.get("/dags").text)
    assert undo
    person.post(html.unescape(undo[1]))
    with db.read() as session:
        assert not find_dag(session, "orders_hourly").is_paused
        assert find_dag(session, "warehouse_sync").is_paused


def test_a_note_is_kept_as_markdown_that_can_do_nothing(db: Database, person: Browser) -> None:
    person.post(f"{FAILED_RUN}/note", note="**wait** for ada <script>alert(1)</script>")
    text = person.get(FAILED_RUN).text
    assert "<strong>wait</strong> for ada &lt;script&gt;" in text
    assert "**wait**" in person.get(f"{FAILED_RUN}/note").text
    long = person.post(f"{FAILED_RUN}/note", note="x" * 20_000)
    assert long.status_code == 400
    assert "xxx" in long.text


def test_a_favourite_stands_on_the_first_page_and_narrows_the_list(person: Browser) -> None:
    assert "Favourites" not in person.get("/").text
    person.post("/dags/warehouse_sync/favorite", is_favorite="true")
    assert "warehouse_sync" in person.get("/").text.partition("Favourites")[2]
    text = person.get("/dags?favorites=1").text
    assert 'id="dag-warehouse_sync"' in text
    assert 'id="dag-orders_hourly"' not in text
    person.post("/dags/warehouse_sync/favorite", is_favorite="false")
    assert "Favourites" not in person.get("/").text


def test_a_note_on_a_task_shows_at_its_head_and_is_taken_away_again(person: Browser) -> None:
    task = f"{FAILED_RUN}/tasks/enrich.prices"
    assert person.post(f"{task}/note", note="**ask** ada").status_code == 303
    assert "<strong>ask</strong>" in person.get(task).text
    assert "**ask** ada" in person.get(f"{task}/note").text
    assert person.post(f"{task}/note", note="x" * 20_000).status_code == 400
    assert person.post(f"{task}/note", note="").status_code == 303
    assert "<strong>ask</strong>" not in person.get(task).text
    assert person.get(f"{FAILED_RUN}/tasks/nobody/note").status_code == 404


def _cells(db: Database, *states: str) -> tuple[str, list[str]]:
    """Name a task in a run of each of these states."""
    with db.read() as session:
        found = runs.list_runs(session, RunWanted(dag_id="orders_hourly"), limit=9)
    chosen = [next(run.run_id for run in found if run.state == state) for state in states]
    return f"{quote(','.join(chosen))}/enrich.prices", chosen


def test_cells_of_several_runs_are_marked_and_marked_back(db: Database, person: Browser) -> None:
    named, (bad, good) = _cells(db, "failed", "success")
    address = f"/dags/orders_hourly/cells/many?do=success&cells={named}"
    assert "1 task in 1 of 2 runs would change." in person.get(address).text
    assert person.post(address).status_code == 303
    assert states(db, bad)["enrich.prices"] == "success"
    undo = re.search(r'data-sheet href="([^"]+)">Undo', person.get("/dags").text)
    assert undo
    person.post(html.unescape(undo[1]))
    assert (states(db, bad)["enrich.prices"], states(db, good)["enrich.prices"]) == ("failed", "success")


def test_what_is_said_of_many_cells_fits_into_a_cookie(db: Database, person: Browser) -> None:
    with db.read() as session:
        found = runs.list_runs(session, RunWanted(dag_id="orders_hourly"), limit=50)
    ended = [
        (run.run_id, task)
        for run in found
        for task, is_ in states(db, run.run_id).items()
        if is_ == "success"
    ]
    cells = [f"{run_id}/{task}" for run_id, task in ended]
    assert len(quote("".join(cells))) > 4_000
    answer = person.client.post(
        "/dags/orders_hourly/cells/many",
        data={"csrf_token": person.token(), "do": "skipped", "cells": cells},
        base_url=HERE,
    )
    assert answer.status_code == 303
    assert sum(map(len, answer.headers.getlist("Set-Cookie"))) < 4_000
    text = person.get("/dags").text
    assert f"Mark tasks as skipped: {len(cells)} done." in text
    assert ">Undo" not in text, "its address is too long"
    many = [f"orders_hourly, run {number}: it cannot be, for it is running." for number in range(100)]
    assert len(as_note("Cancel runs: 0 done.", many)) < 1_000


def test_cells_of_several_runs_run_again_with_what_follows_them(db: Database, person: Browser) -> None:
    named, chosen = _cells(db, "failed", "success")
    address = f"/dags/orders_hourly/cells/many?do=downstream&cells={named}"
    count = person.get(address).text.count("→")
    person.post(address)
    again = [state for run_id in chosen for state in states(db, run_id).values() if state == "none"]
    assert len(again) == count > 2


@pytest.mark.parametrize("query", ["do=task", "do=paint&cells=r/t", "do=task&cells=/t", "do=task&cells=r"])
def test_cells_that_name_nothing_are_refused(person: Browser, query: str) -> None:
    assert person.get(f"/dags/orders_hourly/cells/many?{query}").status_code == 400


def test_a_filter_is_kept_under_a_name_used_and_forgotten(person: Browser) -> None:
    address = "/dags?state=paused&tag=stock"
    form = re.search(r'data-sheet href="(/filters/new[^"]+)"', person.get(address).text)
    assert form
    assert "tag: stock" in person.get(html.unescape(form[1])).text
    kept = {"place": "dags", "state": "paused", "tag": "stock", "page": "9"}
    assert person.post("/filters/new", name="<mine>", **kept).location == address
    text = person.get("/dags").text
    assert 'href="/dags?state=paused&amp;tag=stock">&lt;mine&gt;</a>' in text
    assert "Keep this filter" not in person.get(address).text
    assert person.post("/filters/forget", place="dags", name="<mine>").status_code == 303
    assert "&lt;mine&gt;" not in person.get("/dags").text
    assert person.post("/filters/forget", place="dags", name="<mine>").status_code == 404


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "", "state": "paused"}, "filter"),
        ({"name": "x" * 61, "state": "paused"}, "at most 60"),
        ({"name": "none"}, "is not filtered"),
        ({"name": "none", "state": "paused", "place": "pools"}, "not of &#39;pools&#39;"),
    ],
)
def test_a_filter_that_cannot_be_kept_is_refused_in_words(
    person: Browser, given: dict[str, str], words: str
) -> None:
    answer = person.post("/filters/new", **({"place": "dags"} | given))
    assert (answer.status_code, words in answer.text) == (400, True)


def test_favourites_stand_first(person: Browser) -> None:
    person.post("/dags/warehouse_sync/favorite", is_favorite="true")
    rows = re.findall(r'id="dag-(\w+)"', person.get("/dags").text)
    assert rows == ["warehouse_sync", "carrier_fanout", "orders_hourly"]
