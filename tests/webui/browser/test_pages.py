"""What only a browser can tell of the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from scheduler.operations.trigger import trigger_run
from scheduler.store import Database, tables
from tests.webui import seed
from tests.webui.browser.conftest import DESK, PHONE, Tab
from tests.webui.seed import NOW
from tests.webui.test_actions import LIVE_RUN, LIVE_RUN_ID, newest_run
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID, PAGES

AXE = Path(__file__).parents[3] / "webui/frontend/node_modules/axe-core/axe.min.js"
#: What keeps a person from using a page, by the rules of WCAG 2.2 AA and good practice.
VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(({violations}) =>
    violations.flatMap(({id, help, nodes}) => nodes.map(({html}) => `${id}: ${help}: ${html.slice(0, 200)}`)))"""
SHIFT = """new Promise((done) => {
    const seen = new PerformanceObserver(() => {});
    seen.observe({type: "layout-shift", buffered: true});
    done(seen.takeRecords().reduce((sum, each) => sum + (each.hadRecentInput ? 0 : each.value), 0));
})"""
WALL: ViewportSize = {"width": 3840, "height": 2160}
#: Pages that a wide screen lays out otherwise; each one is looked at on a phone, in dark and in longer words.
BUSY = {"/", "/dags", "/dashboard", "/dags/orders_hourly", "/dags/orders_hourly/graph", f"{FAILED_RUN}/gantt"}


def _assert_fits(page: Page, path: str) -> None:
    at = f"at {page.evaluate('innerWidth')}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{path} is {wide} px too wide {at}"
    hidden = page.evaluate(
        "document.querySelector('.nav').scrollWidth - document.querySelector('.nav').clientWidth"
    )
    assert hidden <= 0, f"of the places {hidden} px are out of sight {at}"


@pytest.mark.parametrize(
    ("size", "other", "theme", "language"),
    [(DESK, WALL, "light", "en"), (PHONE, DESK, "dark", "de")],
    ids=["desk", "phone"],
)
def test_every_page_fits_and_the_browser_does_not_complain(
    tab: Tab, size: ViewportSize, other: ViewportSize, theme: str, language: str
) -> None:
    axe = AXE.read_text()
    chosen = {"dirigent_theme": theme, "dirigent_language": language}
    tab.page.context.add_cookies(
        [{"name": name, "value": value, "url": tab.address} for name, value in chosen.items()]
    )
    for path in PAGES:
        tab.page.set_viewport_size(size)
        page = tab.go(path)
        _assert_fits(page, path)
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
        assert page.evaluate("document.documentElement.lang") == language
        assert page.evaluate(SHIFT) < 0.1, f"{path} moves under the reader"
        if size == PHONE or path in BUSY:
            page.evaluate(axe)
            assert page.evaluate(VIOLATIONS) == [], path
        page.set_viewport_size(other)
        _assert_fits(page, path)
        assert page.evaluate("document.querySelector('main').clientWidth") <= 1900, f"{path} is read afar"


def test_the_theme_is_switched_and_remembered(tab: Tab) -> None:
    page = tab.go("/")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page = tab.go("/dags")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_dags_are_cards_that_are_chosen_and_opened_like_rows(tab: Tab) -> None:
    page = tab.go("/dags?tag=critical")
    page.get_by_role("link", name="Cards").click()
    expect(page).to_have_url(re.compile("view=cards.*tag=critical"))
    expect(page.locator(".dag-cards > li")).to_have_count(1)
    page = tab.go("/dags")
    expect(page.locator(".dag-cards > li")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("1")
    page.get_by_role("switch", name="orders_hourly is active").click()
    expect(page.locator("#dag-orders_hourly dd").nth(1)).to_have_text("paused")
    expect(page.locator("[data-picked]")).to_have_text("1")
    page.keyboard.press("/")
    page.keyboard.type("ware")
    expect(page.locator("#dag-orders_hourly")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dags/warehouse_sync"))


def test_another_language_is_chosen_and_remembered_and_the_browser_speaks_it_too(tab: Tab) -> None:
    page = tab.go("/dags/orders_hourly")
    page.get_by_role("navigation", name="Places").get_by_text("More of the look").click()
    page.get_by_role("button", name="DE", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_text("8 Aufgaben")).to_be_visible()
    page = tab.go("/dags")
    expect(page.get_by_role("link", name="Zum Inhalt")).to_be_attached()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Tasten")).to_contain_text("die Liste filtern")


def test_the_grid_opens_on_the_newest_failure_and_is_worked_by_keyboard(tab: Tab) -> None:
    page = tab.go("/dags/orders_hourly")
    panel = page.get_by_label("The chosen task")
    expect(panel).to_contain_text("KeyError: 'currency'")
    expect(page).to_have_url(re.compile("task=enrich.prices"))
    grid = page.get_by_role("grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    expect(panel).to_contain_text("enrich.customers")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text("Rerun enrich.prices")
    page.keyboard.press("Escape")
    grid.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tasks/enrich.prices$"))
    page.go_back()
    expect(page.get_by_label("The chosen task")).to_contain_text("enrich.prices")


def test_a_group_is_folded_and_shows_its_loudest_state(tab: Tab) -> None:
    page = tab.go("/dags/orders_hourly")
    expect(page.get_by_text("prices", exact=True)).to_be_visible()
    page.get_by_text("▾ enrich").click()
    expect(page.get_by_text("prices", exact=True)).to_have_count(0)
    expect(page).to_have_url(re.compile("folded=enrich"))
    page.reload()
    loudest = page.locator(".cell.group[data-state=failed]")
    expect(loudest).to_have_count(1)
    light = loudest.evaluate("each => getComputedStyle(each).backgroundImage")
    assert light.startswith('url("data:image/svg+xml')
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert loudest.evaluate("each => getComputedStyle(each).backgroundImage") not in (light, "none")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.get_by_role("navigation", name="Places")).to_be_hidden()
    assert loudest.evaluate("each => getComputedStyle(each).backgroundImage") == light
    page.emulate_media(media="screen", forced_colors="active")
    assert loudest.evaluate("each => getComputedStyle(each).backgroundImage") == "none"
    assert loudest.evaluate("each => getComputedStyle(each, '::after').maskImage").startswith("url(")


def test_a_graph_with_a_folded_group_has_an_address(tab: Tab) -> None:
    page = tab.go(f"{FAILED_RUN}?folded=enrich")
    page.locator('.node.folded[data-id="enrich"]').click()
    expect(page.locator('[data-id="enrich.geo"]')).to_be_visible()
    expect(page).not_to_have_url(re.compile("folded"))


def test_the_grid_of_a_run_opens_on_its_own_failure(tab: Tab) -> None:
    page = tab.go(f"{FAILED_RUN}/grid")
    expect(page.get_by_label("The chosen task")).to_contain_text("KeyError: 'currency'")
    expect(page.locator(".grid-bar.on")).to_have_attribute("href", re.compile(re.escape(FAILED_RUN_ID)))


def test_new_runs_wait_behind_a_line_that_counts_them(db: Database, tab: Tab) -> None:
    page = tab.go("/runs")
    first = page.locator("#runs tbody tr").first
    expect(first).to_be_visible()
    first_id = first.get_attribute("id")
    with db.write() as session:
        trigger_run(session, NOW, "carrier_fanout", run_id="fresh", actor="")
    page.get_by_role("button", name="1 new").click()
    expect(page.locator("#runs tbody tr").first).to_contain_text("carrier_fanout")
    expect(page.locator("#runs tbody tr").nth(1)).to_have_id(first_id or "")


def test_arrows_carry_the_words_of_the_author(tab: Tab) -> None:
    page = tab.go(FAILED_RUN)
    expect(page.locator(".edge-label")).to_have_text("all there")


def _move_task(db: Database, task_id: str, state: str) -> None:
    ti, run = tables.task_instance, tables.dag_run
    with db.write() as session:
        pk = session.scalar(run.select().with_only_columns(run.c.id).where(run.c.run_id == LIVE_RUN_ID))
        where = (ti.c.run_pk == pk) & (ti.c.task_id == task_id)
        session.execute(ti.update().where(where).values(state=state))
        seed.tell(session, pk)


def test_cells_and_nodes_change_in_place_while_one_looks(db: Database, tab: Tab) -> None:
    page = tab.go("/dags/orders_hourly")
    cell = page.get_by_role("gridcell", name=re.compile("customers, today 14:05"))
    expect(cell).to_have_attribute("data-state", "running")
    page.evaluate("window.here = true")
    _move_task(db, "enrich.customers", "success")
    expect(cell).to_have_attribute("data-state", "success")
    assert page.evaluate("window.here") is True
    page = tab.go(LIVE_RUN)
    node = page.locator('[data-id="join"]')
    expect(node).to_have_attribute("data-state", "none")
    _move_task(db, "join", "running")
    expect(node).to_have_attribute("data-state", "running")
    expect(page.locator("html")).not_to_have_class(re.compile("offline"))


def test_the_graph_is_walked_by_keyboard(tab: Tab) -> None:
    page = tab.go(FAILED_RUN)
    expect(page.locator('[data-id="extract"]')).to_be_visible()
    page.locator(".canvas").focus()
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(":focus")).to_have_attribute("data-id", "validate")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tasks/validate$"))


def test_a_sheet_previews_what_the_choice_will_do(db: Database, tab: Tab) -> None:
    page = tab.go(FAILED_RUN)
    page.get_by_role("link", name="Rerun failed (4)…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Rerun 4 tasks")).to_be_visible()
    dialog.get_by_role("radio", name=re.compile("The whole run")).check()
    expect(dialog.get_by_role("button", name="Rerun 8 tasks")).to_be_visible()
    expect(dialog.locator(".command code")).to_contain_text("--all")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_a_run_is_triggered_from_the_form(db: Database, tab: Tab) -> None:
    page = tab.go("/dags")
    page.locator("#dag-orders_hourly").get_by_role("link", name="Trigger…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("limit").fill("7")
    expect(dialog.locator(".command code")).to_have_text(
        "dirigent dags trigger orders_hourly --conf '{\"limit\":7}'"
    )
    dialog.get_by_role("button", name="Trigger").click()
    expect(page.get_by_role("status").first).to_contain_text("orders_hourly was triggered")
    assert newest_run(db).conf == {"limit": 7}


def test_the_list_is_filtered_while_one_types(tab: Tab) -> None:
    page = tab.go("/dags")
    page.keyboard.press("/")
    page.keyboard.type("ware")
    expect(page.locator("#dag-orders_hourly")).to_have_count(0)
    expect(page.locator("#dag-warehouse_sync")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=ware$"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dags/warehouse_sync"))


def test_a_dag_is_paused_by_its_switch(tab: Tab) -> None:
    page = tab.go("/dags")
    switch = page.get_by_role("switch", name="orders_hourly is active")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    expect(page.locator("#dag-orders_hourly")).to_contain_text("paused")


def test_the_palette_finds_and_opens(tab: Tab) -> None:
    page = tab.go("/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("carrier")
    expect(page.get_by_role("option", name="carrier_fanout DAG")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dags/carrier_fanout"))


def test_a_report_is_shown_and_can_do_nothing(db: Database, tab: Tab) -> None:
    report = b"<h1>Delays</h1><script>parent.document.title = 'mine'; document.body.append('ran')</script>"
    with db.write() as session:
        pk = session.scalar(
            tables.dag_run.select()
            .with_only_columns(tables.dag_run.c.id)
            .where(tables.dag_run.c.run_id == FAILED_RUN_ID)
        )
        values = {
            "run_pk": pk,
            "task_id": "load",
            "name": "delays.html",
            "media_type": "text/html",
            "data": report,
        }
        session.execute(tables.artifact.insert().values(**values, updated_at=newest_run(db).queued_at))
    page = tab.go(f"{FAILED_RUN}/result")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Delays")).to_be_visible()
    expect(frame.locator("body")).not_to_contain_text("ran")
    assert "mine" not in page.title()
    assert any("sandbox" in line or "script" in line for line in tab.complaints)
    tab.complaints.clear()


def test_many_cells_are_chosen_by_mouse_and_keyboard(tab: Tab) -> None:
    page = tab.go("/dags/orders_hourly")
    chosen = page.locator("[data-cells]")
    expect(page.locator(".cell.on")).to_be_visible()
    expect(chosen).to_be_hidden()
    page.locator(".cell[data-row='0'][data-column='1']").hover()
    page.mouse.down()
    page.locator(".cell[data-row='1'][data-column='3']").hover()
    page.mouse.up()
    expect(chosen).to_contain_text("6 chosen")
    page.locator(".cell[data-row='0'][data-column='5']").click(modifiers=["Control"])
    expect(chosen).to_contain_text("7 chosen")
    expect(page).to_have_url(re.compile("cell="))
    page.reload()
    expect(chosen).to_contain_text("7 chosen")
    chosen.get_by_text("More").click()
    chosen.get_by_role("button", name="Mark as failed…").click()
    expect(page.get_by_role("dialog")).to_contain_text("7 tasks in 4 of 4 runs would change.")
    page.keyboard.press("Escape")
    chosen.get_by_role("button", name="Choose none").click()
    page.get_by_role("grid").focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(chosen).to_contain_text("2 chosen")
    page.set_viewport_size(PHONE)
    bar = chosen.bounding_box()
    assert bar
    assert bar["height"] < 70
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text("Rerun 2 tasks")


def test_a_phone_shows_what_lies_beside_its_width(tab: Tab) -> None:
    page = tab.go("/workers")
    expect(page.locator(".on-phone").get_by_text("running", exact=True).first).to_be_hidden()
    page.set_viewport_size(PHONE)
    expect(page.locator(".on-phone").get_by_text("running", exact=True).first).to_be_visible()
    tab.go("/dags/orders_hourly/calendar")
    expect(page.locator(".year a").last).to_be_in_viewport(ratio=0.9)
    tab.go(f"{LIVE_RUN}/tasks/enrich.customers")
    for name in ("Level", "Source"):
        choice = page.get_by_label(name, exact=True).bounding_box()
        assert choice
        assert choice["width"] >= 88
