"""Finding a DAG, and what its pages say."""

from __future__ import annotations

import re
from datetime import date

from playwright.sync_api import expect

from tests.webui.tour.person import Person
from tests.webui.tour.tasks.registry import task


@task("find a DAG by typing a part of its name, and open it")
def find_by_typing(me: Person) -> None:
    me.go("/dags")
    me.write("form[data-filter] input[type=search]", "stoc")
    expect(me.page.locator("#dag-shop_daily")).to_have_count(0)
    me.open_row("#dag-shop_stock")
    me.is_at("/dags/shop_stock")


@task("narrow the DAGs to a tag")
def by_tag(me: Person) -> None:
    me.go("/dags")
    me.press('#dag-shop_daily a.tag[href*="tag=daily"]')
    me.is_at("tag=daily")
    me.sees("#dag-shop_ranking")
    me.sees_no("#dag-shop_stock")


@task("make a DAG a favourite, and see favourites only")
def favourite(me: Person) -> None:
    me.sign_in(me.shop.add_person(me.shop.name("fan"), "User"))
    me.go("/dags")
    star = me.find("#dag-shop_daily .star")
    me.flip(star)
    expect(star).to_have_attribute("aria-checked", "true")
    me.press('a[href*="favorites=1"]')
    me.sees("#dag-shop_daily")
    me.sees_no("#dag-shop_stock")


@task("pause a DAG, and let it go on")
def pause(me: Person) -> None:
    me.go("/dags/shop_ranking")
    switch = me.find("main [role=switch].switch")
    before = switch.get_attribute("aria-checked") == "true"
    for state in (not before, before):
        me.flip(switch)
        expect(switch).to_have_attribute("aria-checked", str(state).lower())
        expect(switch).not_to_have_attribute("aria-busy", "true")


@task("open a DAG, a run or a task from the palette")
def palette(me: Person) -> None:
    run = me.shop.good
    me.go("/")
    if me.mode.hand == "keys":
        me.page.keyboard.press("Control+k")
    else:
        me.press("[data-palette]")
    box = me.page.get_by_role("combobox")
    expect(box).to_be_focused()
    me.page.keyboard.insert_text("shop_orders")
    wanted = me.page.get_by_role("option").filter(has_text="shop_orders").first
    expect(wanted).to_be_visible()
    if me.mode.hand == "keys":
        me.page.keyboard.press("Enter")
    else:
        me.press(wanted)
    me.is_at("/dags/shop_orders")
    assert run.state == "success"


@task("read what changed between two versions")
def versions(me: Person) -> None:
    me.go("/dags/shop_stock/code")
    me.press('main a[href*="/code/diff"]')
    me.sees("table.diff", re.compile("hours=2"))
    me.press('main a[href*="view=unified"]')
    me.sees("table.diff.unified", "hours=1")


@task("read the calendar of a DAG")
def calendar(me: Person) -> None:
    me.shop.good.until()
    me.go("/dags/shop_orders")
    me.press('.tabs a[href$="/calendar"]')
    me.is_at("/calendar")
    me.sees("main svg.year")


@task("see how long the tasks of a DAG take")
def durations(me: Person) -> None:
    me.shop.good.until()
    me.go("/dags/shop_orders")
    me.press('.tabs a[href$="/durations"]')
    me.is_at("/durations")
    me.sees("main .card svg")


@task("follow an asset to what makes it and what waits for it")
def lineage(me: Person) -> None:
    me.go("/assets")
    me.open_row("main tr[id^=asset-]")
    me.is_at(r"/asset\?name=sales")
    me.go("/assets")
    me.press('main a[href="/assets/graph"]')
    me.sees(".canvas, [data-graph] svg")
    me.sees("[data-id] >> nth=0")


@task("follow a backfill: start it, hold it, cancel it")
def backfill(me: Person) -> None:
    month = int(me.shop.name("month").rpartition("_")[2]) % 10 + 1
    me.go("/dags/shop_letters/backfills")
    me.act("b", 'main a[href*="/backfills/new"]')
    for name, day in (("from", date(2026, month, 1)), ("to", date(2026, month, 20))):
        field = me.sheet.locator(f'[name="{name}"]')
        expect(field).to_be_visible()
        me.hands.set_day(field, day)
    me.confirm()
    me.is_told()
    me.press("main tr[id^=backfill-] form button")
    me.sees('main tr[id^=backfill-] .state[data-state="none"]')
    me.press(me.find("main tr[id^=backfill-] a[data-sheet]"))
    me.confirm()
    me.is_told()
