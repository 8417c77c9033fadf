"""A page while things go wrong around it: the server, the session, what it shows, and who else is at work."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from scheduler.operations.delete import delete_run
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.operations.sign_in import sign_out_everywhere
from scheduler.store import Database, tables
from tests.webui import seed
from tests.webui.browser.conftest import Serving, Tab
from tests.webui.conftest import StillClock, new_link
from tests.webui.test_actions import LIVE_RUN, LIVE_RUN_ID, newest_run
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

TYPED = "The till was slow; **we** asked them twice."


def _write_note(page: Page) -> None:
    page.locator("#run-menu > summary").click()
    page.locator('#run-menu a[href*="/note"]').click()
    page.get_by_role("dialog").locator("textarea").fill(TYPED)


def _only_navigation(route: Route) -> None:
    if route.request.is_navigation_request():
        route.continue_()
    else:
        route.abort()


def _begin(db: Database, task_id: str) -> None:
    _move(db, task_id, "running")


def _move(db: Database, task_id: str, state: str, times: int = 1) -> None:
    ti, run = tables.task_instance, tables.dag_run
    with db.write() as session:
        pk = session.scalar(run.select().with_only_columns(run.c.id).where(run.c.run_id == LIVE_RUN_ID))
        which = (ti.c.run_pk == pk) & (ti.c.task_id == task_id)
        session.execute(ti.update().where(which).values(state=state))
        for _ in range(times):
            seed.tell(session, pk)


def test_a_page_outlives_a_restart_of_the_server_with_what_was_typed(
    db: Database, tab: Tab, serving: Serving
) -> None:
    page = tab.go(LIVE_RUN)
    expect(page.locator('[data-id="join"]')).to_have_attribute("data-state", "none")
    _write_note(page)
    serving.stop()
    _begin(db, "join")
    expect(page.locator("html")).to_have_class(re.compile("offline"))
    serving.start()
    expect(page.locator("html")).not_to_have_class(re.compile("offline"))
    expect(page.locator('[data-id="join"]')).to_have_attribute("data-state", "running")
    page.get_by_role("dialog").locator(".btn.primary").click()
    expect(page.locator("main .prose strong")).to_have_text("we")
    tab.complaints = [each for each in tab.complaints if not re.search("ERR_(CONNECTION|INCOMPLETE)", each)]


def test_a_page_that_cannot_hear_asks_and_says_so(db: Database, tab: Tab) -> None:
    tab.page.route("**/ui/live?*", lambda route: route.abort())
    page = tab.go(LIVE_RUN)
    expect(page.locator(".ask-link >> visible=true")).to_be_visible()
    _begin(db, "join")
    expect(page.locator('[data-id="join"]')).to_have_attribute("data-state", "running")
    tab.complaints = [each for each in tab.complaints if "ERR_FAILED" not in each]


@pytest.mark.parametrize("is_live", [True, False], ids=["while it is typed", "as it is sent"])
def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(
    db: Database, tab: Tab, clock: StillClock, is_live: bool
) -> None:
    page = tab.go(FAILED_RUN)
    _write_note(page)
    if not is_live:
        page.route("**/runs/*", _only_navigation)
        page.route("**/ui/**", lambda route: route.abort())
    with db.write() as session:
        sign_out_everywhere(session, clock.now())
        seed.tell(session, newest_run(db).id)
    if not is_live:
        page.get_by_role("dialog").locator(".btn.primary").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    page.unroute_all()
    page.goto(f"{tab.address}/sign-in?token={new_link(db, clock.now())}")
    page.get_by_role("button", name="Sign in").click()
    page.locator('[data-draft="on"]').click()
    expect(page.get_by_role("dialog").locator("textarea")).to_have_value(TYPED)
    page.get_by_role("dialog").locator(".btn.primary").click()
    expect(page.locator("main .prose strong")).to_have_text("we")
    expect(page.locator("[data-draft]")).to_have_count(0)
    tab.complaints = [each for each in tab.complaints if "ERR_FAILED" not in each and "401" not in each]


def test_somebody_else_is_not_offered_what_was_typed(db: Database, tab: Tab) -> None:
    page = tab.go(FAILED_RUN)
    draft = '{"asker": "somebody", "page": "/", "action": "/", "fields": [], "isStopped": true}'
    page.evaluate("(draft) => sessionStorage.setItem('dirigent-draft', draft)", draft)
    page = tab.go(FAILED_RUN)
    expect(page.locator("[data-draft]")).to_have_count(0)
    assert page.evaluate("sessionStorage.getItem('dirigent-draft')") is None


def test_two_clicks_on_trigger_make_one_run(db: Database, tab: Tab) -> None:
    page = tab.go("/dags/carrier_fanout")
    page.locator('main a[href$="/trigger"]').first.click()
    page.get_by_role("dialog").locator(".btn.primary").dblclick()
    expect(page.locator(".toast")).to_be_visible()
    with db.read() as session:
        run = tables.dag_run
        query = run.select().where(run.c.dag_id == "carrier_fanout", run.c.run_type == "manual")
        made = [row for row in session.execute(query) if row.queued_at >= seed.NOW]
    assert len(made) == 1


def test_a_run_that_is_deleted_under_an_open_page_is_said_to_be_gone(
    db: Database, tab: Tab, clock: StillClock
) -> None:
    page = tab.go(FAILED_RUN)
    expect(page.locator('[data-id="join"]')).to_be_visible()
    delete_run(db, clock.now(), "orders_hourly", FAILED_RUN_ID, actor="test")
    gone = page.locator("[data-gone]")
    expect(gone).to_be_visible()
    expect(page.locator("html")).not_to_have_class(re.compile("offline"))
    gone.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/dags/orders_hourly/runs$"))
    tab.complaints = [each for each in tab.complaints if "404" not in each]


def test_who_clears_second_is_told(db: Database, tab: Tab, clock: StillClock) -> None:
    page = tab.go(FAILED_RUN)
    page.locator('main a[href*="scope=failed"]').click()
    expect(page.get_by_role("dialog").locator(".plan li")).to_have_count(4)
    request = RerunRequest(dag_id="orders_hourly", run_id=FAILED_RUN_ID, only_failed=True)
    with db.write() as session:
        rerun(session, clock.now(), request, actor="user:somebody")
    page.get_by_role("dialog").locator(".btn.primary").click()
    expect(page.locator("main h1")).to_contain_text("failed")
    assert any("409" in each or "400" in each for each in tab.complaints)
    tab.complaints.clear()


def test_a_page_left_open_does_not_grow_and_is_current(db: Database, tab: Tab) -> None:
    page = tab.go("/dags/orders_hourly")
    expect(page.get_by_role("gridcell").first).to_be_visible()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def size() -> tuple[float, float]:
        devtools.send("HeapProfiler.collectGarbage")
        found = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
        return found["Nodes"], found["JSHeapUsedSize"]

    nodes, heap = size()
    cell = page.get_by_role("gridcell", name=re.compile("join, today 14:05"))
    for state in ["running", "none"] * 5:
        _move(db, "join", state, times=200)
        expect(cell).to_have_attribute("data-state", state)
    after = size()
    assert after[0] < nodes * 1.5
    assert after[1] < heap * 1.5 + 1_000_000
