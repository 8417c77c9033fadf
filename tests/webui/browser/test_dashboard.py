"""The dashboard in a browser: narrowed without a reload, worked by keyboard, current by itself."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from scheduler.store import Database, tables
from tests.webui import seed
from tests.webui.browser.conftest import Tab


def test_the_dashboard_is_narrowed_by_keyboard_and_keeps_itself_current(db: Database, tab: Tab) -> None:
    page = tab.go("/dashboard")
    page.get_by_label("owner").select_option("shop")
    expect(page).to_have_url(re.compile("owner=shop"))
    page.locator("#runs-title-values summary").press("Enter")
    rows = page.locator("#runs-title-values tbody tr")
    expect(rows).to_have_count(12)
    with db.write() as session:
        version = int(session.scalar(tables.dag.select().with_only_columns(tables.dag.c.version_id)) or 1)
        at = seed.NOW - timedelta(hours=15)
        run = seed.add_run(session, seed.ORDERS, version, at, "success", seed.GOOD)
        seed.count(session)
        seed.tell(session, run)
    expect(rows).to_have_count(13)


def test_no_table_beside_another_is_cut_on_a_laptop(db: Database, tab: Tab) -> None:
    page = tab.go("/dashboard")
    page.set_viewport_size({"width": 1360, "height": 850})
    expect(page.locator("#queue-1")).to_be_visible()
    cut = "each => each.scrollWidth > each.clientWidth ? [each.closest('section').innerText] : []"
    assert page.evaluate(f"[...document.querySelectorAll('.halves .table')].flatMap({cut})") == []
