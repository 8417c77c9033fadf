"""Finding one's way, and how it looks."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.webui.tour.person import Person
from tests.webui.tour.shop import page_of
from tests.webui.tour.tasks.registry import task


def _open_looks(me: Person) -> str:
    """Return where the switches stand, after opening the menu that holds them on a phone."""
    if not me.has_phone:
        return ".nav"
    me.press("#look-menu > summary")
    return "#look-menu"


@task("switch to the other colours, and keep them")
def theme(me: Person) -> None:
    other = {"light": "dark", "dark": "light"}[me.mode.theme]
    me.go("/dags")
    where = _open_looks(me)
    me.press(f'{where} [data-set="theme"][data-value="{other}"]')
    expect(me.page.locator("html")).to_have_attribute("data-theme", other)
    me.page.reload()
    expect(me.page.locator("html")).to_have_attribute("data-theme", other)


@task("see dates instead of how long ago")
def times(me: Person) -> None:
    me.shop.good.until()
    me.go("/runs")
    where = _open_looks(me)
    me.press(f'{where} [data-set="times"][data-value="absolute"]')
    expect(me.page.locator("main tbody time").last).to_have_text(re.compile(r"20\d\d|\d\d:\d\d"))


@task("ask which keys there are")
def keys(me: Person) -> None:
    me.go("/dags/shop_orders")
    me.page.keyboard.press("?")
    box = me.page.get_by_role("dialog")
    expect(box).to_contain_text("Ctrl K")
    me.press(box.get_by_role("button"))
    expect(box).to_have_count(0)


@task("go back with the back button to what one saw")
def back(me: Person) -> None:
    me.go("/dags?q=shop_da")
    me.open_row("#dag-shop_daily")
    me.is_at("/dags/shop_daily")
    me.page.go_back()
    me.is_at(r"/dags\?q=shop_da")
    expect(me.page.locator("form[data-filter] input[type=search]")).to_have_value("shop_da")
    me.sees_no("#dag-shop_stock")


@task("visit every place from the bar")
def places(me: Person) -> None:
    me.go("/")
    for path in ("/dags", "/runs", "/required_actions", "/alerts", "/assets", "/dashboard"):
        if me.has_phone and path in ("/assets", "/dashboard"):
            me.open_menu("#more-menu", path)
        else:
            me.press(f'.nav a[href="{path}"]')
        me.is_at(path)


@task("skip the bar with the first Tab")
def skip_bar(me: Person) -> None:
    me.go("/dags")
    me.page.keyboard.press("Tab")
    expect(me.page.locator(".skip-link")).to_be_focused()
    me.page.keyboard.press("Enter")
    expect(me.page.locator("#content")).to_be_focused()


@task("look at a run while its tasks go on")
def live(me: Person) -> None:
    run = me.shop.trigger("shop_orders")
    me.go(page_of(run))
    me.page.evaluate("window.here = true")
    me.sees('[data-id="report"][data-state="success"]')
    expect(me.page.locator("main h1 + .state")).to_have_attribute("data-state", "success")
    assert me.page.evaluate("window.here") is True
