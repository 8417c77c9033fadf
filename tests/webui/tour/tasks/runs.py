"""Starting a run, and reading it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.webui.tour.person import Person
from tests.webui.tour.shop import log_of, page_of
from tests.webui.tour.tasks.registry import task


@task("trigger a DAG with a form, and watch its tasks turn green")
def trigger(me: Person) -> None:
    me.go("/dags/shop_orders")
    me.act("t", 'main a[href$="/trigger"]')
    me.fill(**{"param.day": "5"})
    me.choose(me.sheet.locator('select[name="param.region"]'), "south")
    me.confirm()
    me.is_told()
    me.sees('[data-id="report"][data-state="success"]')


@task("be told what is wrong with a form, and put it right")
def wrong_conf(me: Person) -> None:
    me.go("/dags/shop_orders/trigger")
    me.press("#trigger-conf > summary")
    me.write('main textarea[name="conf"]', '{"coupon": }')
    me.press("main form .btn.primary")
    me.sees("#conf-wrong", re.compile("JSON"))
    me.watch.expect("/trigger: 400|status of 400")
    me.write('main textarea[name="conf"]', '{"coupon": 7}')
    me.press("main form .btn.primary")
    me.is_told()


@task("see from the first page what failed, and open its log")
def what_failed(me: Person) -> None:
    me.shop.failed.until("failed")
    me.go("/")
    me.open_row("#failed-1")
    me.is_at("/tasks/load$")
    me.sees(".log", "currency")


@task("walk the grid of a DAG to a task, and open it")
def grid(me: Person) -> None:
    me.shop.failed.until("failed")
    me.go("/dags/shop_orders")
    panel = me.find("[data-panel]")
    expect(panel).to_contain_text("currency")
    if me.mode.hand == "keys":
        me.page.locator("[role=grid]").focus()
        me.page.keyboard.press("ArrowUp")
    else:
        me.press(me.page.locator('[role=gridcell][data-state="success"][aria-label^="rows,"]').last)
    expect(panel).to_contain_text("rows")
    if me.mode.hand == "keys":
        me.page.keyboard.press("Enter")
    else:
        me.press(panel.locator('a[href*="/tasks/checks.rows"]').first)
    me.is_at("/tasks/checks.rows")


@task("walk the graph of a run to a task, and open it")
def graph(me: Person) -> None:
    run = me.shop.good
    me.go(page_of(run))
    node = me.page.locator('[data-id="extract"]')
    me.sees(node)
    if me.mode.hand == "keys":
        me.page.locator(".canvas").focus()
        me.page.keyboard.press("ArrowRight")
        expect(me.page.locator(":focus")).to_have_attribute("data-id", "extract")
        me.page.keyboard.press("Enter")
    else:
        me.press(node)
    me.is_at("/tasks/extract$")


@task("read the Gantt of a run")
def gantt(me: Person) -> None:
    run = me.shop.good
    me.go(page_of(run))
    me.press('.tabs a[href*="/gantt"]')
    me.is_at("/gantt")
    me.sees('main svg[aria-label^="report:"]')


@task("read what a task returned")
def xcom(me: Person) -> None:
    run = me.shop.good
    me.go(log_of(run, "report"))
    me.press('.tabs a[href*="/xcom"]')
    me.sees("main .card", "orders of south")


@task("compare two runs")
def compare(me: Person) -> None:
    me.shop.failed.until("failed")
    me.shop.good.until()
    me.go("/dags/shop_orders/runs")
    boxes = me.page.locator('tbody input[form="picks"]')
    for number in (0, 1):
        me.flip(boxes.nth(number))
    me.press("form[data-picks] button[data-page]")
    me.is_at("/runs/compare")
    me.sees("#pair-load")


@task("see what runs now, and cancel it")
def cancel(me: Person) -> None:
    run = me.shop.trigger("shop_night").until_task("until_morning", "up_for_reschedule")
    me.go(page_of(run))
    me.press('main a[href*="/cancel"]')
    me.confirm()
    me.is_told()
    run.until("failed")


@task("see why a task waits")
def why(me: Person) -> None:
    run = me.shop.trigger("shop_parcels")
    me.go(log_of(run, "pack"))
    me.sees("main .note, main .why", re.compile("closed"))


@task("write a note at a run, with emphasis")
def note(me: Person) -> None:
    run = me.shop.good
    me.go(page_of(run))
    if me.mode.hand == "keys":
        me.page.keyboard.press("n")
    else:
        me.open_menu("#run-menu", "/note")
    me.fill(note="Seen by **both** of us.")
    me.confirm()
    me.sees("main .prose strong", "both")


@task("write a note at a task")
def task_note(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(log_of(run, "load"))
    me.act("n", 'main a[href*="/note"]')
    me.fill(note="The till was slow.")
    me.confirm()
    me.sees("main .prose", "The till was slow.")


@task("run again with another conf")
def again(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(page_of(run))
    me.open_menu("#run-menu", "/trigger?like=")
    box = me.sheet.locator('input[type="checkbox"][name="param.fails"]')
    expect(box).to_be_checked()
    me.flip(box)
    me.confirm()
    me.is_told()
