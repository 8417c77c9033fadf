"""Each page over a real database: what a person comes for stands on it."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask, url_for

from scheduler.logs.address import LogAddress
from scheduler.logs.lines import decode_lines, encode_line
from scheduler.operations.mark import mark_task
from scheduler.operations.states import set_state
from scheduler.store import Database
from scheduler.store.dag_files import FileRecord, ImportFault, save_files
from scheduler.store.logs import put_chunks
from scheduler.store.runs import find_run
from scheduler.store.setting_aside import set_dag_aside, set_run_aside
from scheduler.store.tables import dag_version
from scheduler.store.views.home import list_active_runs
from tests.webui import seed
from tests.webui.conftest import Browser, StillClock, build, sign_in
from webui.filters import run_url, task_url
from webui.pages.grid import LETTERS

FAILED_RUN_ID = f"scheduled__{seed.hours_ago(2).isoformat()}"
OTHER_RUN_ID = f"scheduled__{seed.hours_ago(3).isoformat()}"
FAILED_RUN = f"/dags/orders_hourly/runs/{quote(FAILED_RUN_ID, safe='')}"
LIVE = [
    "/",
    "/dags",
    "/dags?view=cards",
    "/runs?type=scheduled&from=2026-11-21",
    "/assets",
    "/assets/graph",
    "/runs",
    f"/runs/compare?run=orders_hourly/{quote(FAILED_RUN_ID)}&run=orders_hourly/{quote(OTHER_RUN_ID)}",
    "/required_actions",
    "/dashboard",
    "/variables",
    "/connections",
    "/pools",
    "/workers",
    "/settings",
    "/deploys",
    "/users",
    "/audit",
    "/dashboard?window=7d&by=team&owner=shop",
    "/dags/orders_hourly",
    "/dags/orders_hourly/graph",
    "/dags/orders_hourly/runs",
    "/dags/orders_hourly/backfills",
    "/dags/orders_hourly/calendar",
    "/dags/orders_hourly/durations?task=extract",
    "/dags/orders_hourly/code",
    "/dags/orders_hourly/code/diff",
    "/dags/orders_hourly/details",
    "/dags/carrier_fanout",
    FAILED_RUN,
    f"{FAILED_RUN}/grid",
    f"{FAILED_RUN}/gantt",
    f"{FAILED_RUN}/tasks",
    f"{FAILED_RUN}/events",
    f"{FAILED_RUN}/conf",
    f"{FAILED_RUN}/result",
    f"{FAILED_RUN}/tasks/enrich.prices",
    f"{FAILED_RUN}/tasks/enrich.prices/xcom",
    f"{FAILED_RUN}/tasks/enrich.prices/state",
    f"{FAILED_RUN}/tasks/enrich.prices/rendered",
    f"{FAILED_RUN}/tasks/enrich.prices/events",
    f"{FAILED_RUN}/tasks/enrich.prices/attempts",
]
PAGES = [
    *LIVE,
    "/dags/orders_hourly/trigger",
    f"{FAILED_RUN}/rerun?scope=failed",
    f"{FAILED_RUN}/mark?to=success",
    f"{FAILED_RUN}/cancel",
    f"{FAILED_RUN}/note",
    "/dags/orders_hourly/backfills/new",
    "/alerts",
    "/account",
    "/account/password",
    "/design",
    "/users/new",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens(person: Browser, address: str) -> None:
    answer = person.get(address)
    assert answer.status_code == 200
    assert answer.text.count("<main") == 1


@pytest.mark.parametrize("address", LIVE)
def test_a_page_that_did_not_change_answers_its_live_part_with_304(person: Browser, address: str) -> None:
    tag = person.get(address, **{"X-Fragment": "live"}).headers["ETag"]
    again = person.get(address, **{"X-Fragment": "live", "If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""
    assert tag in person.get(address).text.replace("&#34;", '"')


def test_time_that_passes_is_no_change(person: Browser, clock: StillClock) -> None:
    tag = person.get("/", **{"X-Fragment": "live"}).headers["ETag"]
    clock.pass_time(seconds=20)
    assert person.get("/", **{"X-Fragment": "live", "If-None-Match": tag}).status_code == 304


def test_the_first_page_says_what_failed_what_runs_and_what_comes(person: Browser) -> None:
    text = person.get("/").text
    assert "enrich.prices" in text
    assert "KeyError: &#39;currency&#39; (orders.py:57 in prices)" in text
    assert "4 of 8 tasks" in text
    assert "usually 19 s" in text
    assert "11 of 16 slots free" in text
    assert "in 59 min" in text
    assert "refunds_v2.py does not load" in text


def test_an_empty_server_says_what_to_do_first(empty_db: Database, clock: StillClock) -> None:
    person = sign_in(build(empty_db, clock), empty_db, clock.now())
    assert "Put a Python file" in person.get("/").text
    assert "No DAG yet" in person.get("/dags").text


EMPTY = re.compile(r'<(?:div|td)[^>]* ?class="empty">((?:(?!</div>|</td>).)*<(?:a|code|span)\b)', re.DOTALL)
#: Pages about the server that always hold something.
NEVER_EMPTY = {"/pools", "/settings"}
#: A DAG that never ran, and lists of which nothing fits.
OF_NOTHING = [
    "/dags/carrier_fanout",
    "/dags/carrier_fanout/runs",
    "/dags/carrier_fanout/backfills",
    "/dags/carrier_fanout/calendar",
    "/dags/carrier_fanout/durations",
    "/dags?q=zzz",
    "/runs?q=zzz",
    "/dags/orders_hourly/runs?state=lost",
    "/dags/orders_hourly/runs?day=2020-01-01",
    f"{FAILED_RUN}/tasks?state=lost",
    "/variables?q=zzz",
    "/connections?q=zzz",
    "/audit?actor=zzz",
]


def test_every_page_of_a_new_server_says_what_it_is_for(empty_db: Database, clock: StillClock) -> None:
    person = sign_in(build(empty_db, clock), empty_db, clock.now())
    of_server = {page for page in LIVE if not page.startswith("/dags/") and "=" not in page}
    silent = [page for page in sorted(of_server - NEVER_EMPTY) if not EMPTY.search(person.get(page).text)]
    assert silent == ["/audit"], "but for the one that has told of this sign-in"


def test_a_place_with_nothing_in_it_leads_on(person: Browser) -> None:
    assert [page for page in OF_NOTHING if not EMPTY.search(person.get(page).text)] == []


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/dags/orders_hourly", "/dags/orders_hourly/runs"),
        ("/dags/orders_hourly/graph", "/dags/orders_hourly/details"),
        (FAILED_RUN, "/tasks"),
        (f"{FAILED_RUN}/grid", "/tasks"),
        (f"{FAILED_RUN}/tasks/enrich.prices", "/text"),
    ],
)
def test_what_a_script_draws_can_be_read_without_one(person: Browser, address: str, leads_to: str) -> None:
    note = re.search(r'<noscript>.*?href="([^"]*)".*?</noscript>', person.get(address).text, re.DOTALL)
    assert note is not None
    assert leads_to in note[1]
    assert person.get(unescape(note[1])).status_code == 200


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["carrier_fanout", "orders_hourly", "warehouse_sync"]),
        ("q=CRITICAL", ["orders_hourly"]),
        ("q=e_s", ["warehouse_sync"]),
        ("q=%25", []),
        ("tag=stock", ["warehouse_sync"]),
        ("state=paused", ["warehouse_sync"]),
        ("state=running", ["orders_hourly"]),
        ("state=failing", []),
        ("q=order+critical", ["orders_hourly"]),
        ("page=2", []),
    ],
)
def test_the_list_of_dags_is_narrowed_by_words_tag_and_state(
    person: Browser, query: str, shown: list[str]
) -> None:
    for form in ("", "view=cards&", "view=odd&"):
        text = person.get(f"/dags?{form}{query}").text
        names = ("carrier_fanout", "orders_hourly", "warehouse_sync")
        assert [name for name in names if f'id="dag-{name}"' in text] == shown
        assert ("dag-cards" in text) == (form == "view=cards&" and bool(shown))


def test_cards_stay_until_a_table_is_wanted_again(person: Browser) -> None:
    person.client.set_cookie("dirigent_list", "cards", domain="127.0.0.1")
    text = person.get("/dags?tag=stock").text
    assert "dag-cards" in text
    assert "/dags?view=table&amp;tag=stock" in text
    assert "dag-cards" not in person.get("/dags?view=table").text


def test_the_head_of_a_run_keeps_its_words_apart(person: Browser) -> None:
    head = re.sub(r"<[^>]*>", "", person.get(FAILED_RUN).text.partition("<h1>Run of")[2][:2000])
    assert re.findall(r"\S·|·\S", head) == []
    assert " · version 1 · took" in re.sub(r"\s+", " ", head)


def test_a_dag_says_its_schedule_in_words(person: Browser) -> None:
    assert "every hour, at :05" in person.get("/dags/orders_hourly").text
    assert "by hand" in person.get("/dags/carrier_fanout").text


def test_what_a_task_asks_for_stands_on_its_page_and_on_that_of_its_dag(person: Browser) -> None:
    said = "as reports, at most 512 MB"
    assert said in person.get("/dags/orders_hourly/details").text
    assert said in person.get(f"{FAILED_RUN}/tasks/join").text


def test_code_is_shown_as_text(person: Browser) -> None:
    assert "def</span>" in person.get("/dags/orders_hourly/code").text


@pytest.mark.parametrize(
    "address",
    [
        "/dags/nothing",
        "/dags/orders_hourly/runs/nothing",
        f"{FAILED_RUN}/tasks/nothing",
        f"{FAILED_RUN}/tasks/extract?try=9",
        f"{FAILED_RUN}/artifacts/99",
        "/dags/%2e%2e",
        "/dags/<script>",
        "/dags/" + "x" * 300,
        "/dags/\N{PILE OF POO}",
    ],
)
def test_what_is_not_there_is_a_sentence(person: Browser, address: str) -> None:
    answer = person.get(address)
    assert answer.status_code == 404
    assert "There is n" in answer.text
    assert "<script>" not in answer.text


def test_grid_and_graph_are_small_data(person: Browser) -> None:
    grid = person.get("/ui/dags/orders_hourly/grid").get_json()
    assert [row["id"] for row in grid["rows"]][:4] == ["extract", "validate", "enrich", "enrich.geo"]
    assert [run["cells"] for run in grid["runs"]][-3:] == ["sssfsuuu", "ssssssss", "ssssr---"]
    assert grid["states"][0] == ["f", "failed"]
    assert {state: letter for letter, state in grid["states"]} == LETTERS
    graph = person.get("/ui/dags/orders_hourly/graph").get_json()
    assert ["extract", "validate"] in graph["edges"]
    assert graph["loudest"] == [state for _, state in grid["states"]]
    assert ["join", "load", "all there"] in graph["edges"]
    states = person.get(f"/ui{FAILED_RUN}/states").get_json()["tasks"]
    assert states["enrich.prices"]["state"] == "failed"


def test_cells_of_a_run_that_has_ended_are_kept_until_something_happens_in_it(
    db: Database, person: Browser, clock: StillClock
) -> None:
    def cells() -> list[str]:
        answer = json.loads(person.get("/ui/dags/orders_hourly/grid?runs=3").data)
        return [run["cells"] for run in answer["runs"]]

    before = cells()
    assert cells() == before
    with db.write() as session:
        mark_task(session, clock.now(), "orders_hourly", FAILED_RUN_ID, "notify", to="success", actor="")
    assert cells() == [before[0][:-1] + "s", *before[1:]]


def test_addresses_are_those_that_the_routes_have(app: Flask) -> None:
    dag_id, run_id, task_id = "a-b.c", "manual__2026-11-21T14:03:11.1+00:00~@", "g.t"
    with app.test_request_context(base_url="http://127.0.0.1/under"):
        own = url_for("task.show", dag_id=dag_id, run_id=run_id, task_id=task_id, path="3.1")
        assert task_url(dag_id, run_id, task_id, "3.1") == own
        assert run_url(dag_id, run_id) == url_for("run.show", dag_id=dag_id, run_id=run_id)


def test_the_grid_of_a_run_ends_with_it(person: Browser) -> None:
    grid = person.get(f"/ui/dags/orders_hourly/grid?run={quote(FAILED_RUN_ID)}").get_json()
    assert grid["runs"][-1]["dag_run_id"] == FAILED_RUN_ID


def test_what_was_set_aside_says_why_on_its_page(db: Database, person: Browser, clock: StillClock) -> None:
    with db.write() as session:
        run = list_active_runs(session, 1)[0]
        found = find_run(session, run.dag_id, run.run_id)
        assert found is not None
        set_run_aside(session, clock.now(), found.id, "Set aside: its graph cannot be read.")
        set_dag_aside(session, clock.now(), run.dag_id, "Set aside: its next run cannot be created.")
    assert (
        "its graph cannot be read" in person.get(f"/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}").text
    )
    assert "its next run cannot be created" in person.get(f"/dags/{run.dag_id}").text


def test_the_tasks_of_a_run_stand_in_the_order_of_the_graph(person: Browser) -> None:
    text = person.get(f"{FAILED_RUN}/tasks").text.partition("<tbody>")[2]
    places = [text.index(f"<b>{task.task_id}</b>") for task in seed.ORDERS.tasks]
    assert places == sorted(places)


def test_runs_are_narrowed_by_a_part_of_the_dag_id(person: Browser) -> None:
    assert "<b>orders_hourly</b>" in person.get("/runs?q=ORDERS").text
    assert "No run of a DAG named so" in person.get("/runs?q=zebra_").text


def test_the_runs_that_have_not_ended_are_counted(person: Browser) -> None:
    text = person.get("/runs").text
    assert 'Running <span class="count">1</span>' in text
    assert 'Queued <span class="count">0</span>' in text


def test_notes_of_the_author_are_read_as_markdown(person: Browser) -> None:
    text = person.get("/dags/orders_hourly/details").text
    assert "<h3>Orders</h3>" in text
    assert "<em>ada</em> in &lt;b&gt;the shop&lt;/b&gt;" in text


def test_files_that_do_not_load_share_one_note_and_tell_their_place_once(
    db: Database, person: Browser
) -> None:
    fault = ImportFault(type="BadDag", message="no such argument", lineno=3)
    record = FileRecord(path="a.py", fingerprint="f", parsed_at=seed.NOW, error=fault)
    with db.write() as session:
        save_files(session, [record])
    text = person.get("/dags").text
    assert "<b>2 files do not load:</b> a.py, refunds_v2.py." in text
    assert "Line 18: NameError: name &#39;chargeback&#39; is not defined." in text
    assert "</b> Line 3: no such argument." in text


def test_a_file_whose_dag_was_never_called_is_told(db: Database, person: Browser) -> None:
    warning = "b.py:3: UserWarning: shop stands under @dag: write shop() below it."
    record = FileRecord(path="b.py", fingerprint="f", parsed_at=seed.NOW, warnings=(warning,))
    with db.write() as session:
        save_files(session, [record])
    assert "<b>b.py declares no DAG.</b> shop stands under @dag: write shop()" in person.get("/dags").text


def _log_address(person: Browser) -> str:
    page = person.get(f"{FAILED_RUN}/tasks/enrich.prices").text
    return page.partition('data-log="')[2].partition('"')[0]


def test_a_log_is_read_from_where_one_stopped(db: Database, person: Browser) -> None:
    address = _log_address(person)
    attempt_id = int(address.rpartition("/")[2])
    where = LogAddress(
        dag_id="orders_hourly", run_id=FAILED_RUN_ID, task_id="enrich.prices", attempt_id=attempt_id
    )
    file = where.file(Path(str(db.url.database)).parent / "logs")
    file.parent.mkdir(parents=True)
    file.write_bytes(encode_line(seed.NOW, "info", "stdout", "first"))
    first = person.get(address)
    assert [line.text for line in decode_lines(first.data)] == ["first"]
    assert first.headers["X-Log-Done"] == "false"
    with file.open("ab") as stream:
        stream.write(encode_line(seed.NOW, "info", "dirigent", "ended", is_last=True))
    second = person.get(f"{address}?after={first.headers['X-Log-Next']}")
    assert [line.text for line in decode_lines(second.data)] == ["ended"]
    assert second.headers["X-Log-Done"] == "true"


def test_a_log_that_another_host_sent_is_read_from_the_database(db: Database, person: Browser) -> None:
    address = _log_address(person)
    lines = [encode_line(seed.NOW, "info", "stdout", f"line {n}") for n in range(150)]
    with db.write() as session:
        attempt_id, start = int(address.rpartition("/")[2]), 0
        for line in lines:
            put_chunks(session, [(attempt_id, start, line)])
            start += len(line)
    assert len(decode_lines(person.get(address).data)) == 150


def test_a_very_long_log_comes_packed_and_in_parts(db: Database, person: Browser) -> None:
    address = _log_address(person)
    attempt_id = int(address.rpartition("/")[2])
    lines = [encode_line(seed.NOW, "info", "stdout", f"line {n} " + "x" * 30_000) for n in range(100)]
    with db.write() as session:
        put_chunks(session, [(attempt_id, 0, b"".join(lines))])
    part = person.get(address, **{"Accept-Encoding": "gzip"})
    assert (part.headers["Content-Encoding"], part.headers["X-Log-More"]) == ("gzip", "true")
    assert decode_lines(gzip.decompress(part.data))[0].text.startswith("line 0 ")
    kept = person.get(f"{address}/text")
    assert kept.text.count("\n") == 100
    assert "attachment" in kept.headers["Content-Disposition"]


def test_a_log_of_another_task_is_not_read(person: Browser) -> None:
    address = _log_address(person)
    assert person.get(address.replace("enrich.prices", "extract")).status_code == 404


def test_the_palette_finds_dags_runs_and_actions(person: Browser) -> None:
    found = person.get("/ui/find?q=order").get_json()["found"]
    titles = [each["title"] for each in found]
    assert titles[0] == "orders_hourly"
    assert "Trigger orders_hourly…" in titles
    assert "orders_hourly, today 12:05" in titles


def test_a_sheet_comes_without_the_frame_of_the_page(person: Browser) -> None:
    sheet = person.get("/dags/orders_hourly/trigger", **{"X-Fragment": "sheet"}).text
    assert "<html" not in sheet
    assert 'name="param.limit"' in sheet


def test_a_dag_that_a_newer_release_stored_does_not_take_the_list_away(db: Database, person: Browser) -> None:
    with db.write() as session:
        session.execute(
            sa.update(dag_version)
            .where(dag_version.c.dag_id == "orders_hourly")
            .values(graph='{"dag_id": "orders_hourly", "wire_version": 99}')
        )
    assert "stored by a newer Dirigent" in person.get("/dags").text
    answer = person.get("/dags/orders_hourly")
    assert (answer.status_code, "in form 99" in answer.text, "Upgrade it" in answer.text) == (503, True, True)


def test_what_a_task_keeps_is_shown_and_no_markup_of_it(person: Browser, db: Database) -> None:
    address = f"{FAILED_RUN}/tasks/enrich.prices/state"
    assert "Nothing kept" in person.get(address).text
    task = ("orders_hourly", FAILED_RUN_ID, "enrich.prices")
    with db.write() as session:
        for key, value in (("job", "<b>j-1</b>"), ("long", "x" * 30_000)):
            set_state(session, seed.NOW, *task, key, value, actor="user:ada")
    text = person.get(address).text
    assert "&lt;b&gt;j-1" in text
    assert "<b>j-1" not in text
    assert "The first 20 kB of 30 kB" in text
    assert "state &#39;job&#39; was set" in person.get(f"{FAILED_RUN}/tasks/enrich.prices/events").text


def test_the_panel_of_a_group_counts_and_acts_on_all_of_it(person: Browser) -> None:
    address = f"/ui/dags/orders_hourly/panel?run={quote(FAILED_RUN_ID)}&group=enrich"
    text = person.get(address, **{"X-Fragment": "live"}).text
    assert "a group of 3 tasks" in text
    assert "group=enrich" in text
