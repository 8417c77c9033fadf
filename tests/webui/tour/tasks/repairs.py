"""Putting right what went wrong."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.webui.tour.person import Person
from tests.webui.tour.shop import log_of, page_of
from tests.webui.tour.tasks.registry import task


@task("rerun what failed, after reading what will run")
def rerun_failed(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(page_of(run))
    me.act("f", 'main a[href*="scope=failed"]')
    expect(me.sheet.locator(".plan li")).to_have_count(2)
    me.flip(me.sheet.locator('input[name="scope"][value="all"]'))
    expect(me.sheet.locator(".plan li")).to_have_count(5)
    me.flip(me.sheet.locator('input[name="scope"][value="failed"]'))
    expect(me.sheet.locator(".plan li")).to_have_count(2)
    me.confirm()
    me.is_told()
    me.sees('[data-id="report"][data-state="success"]')


@task("mark a failed task as success, and take that back")
def mark_and_undo(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(log_of(run, "load"))
    me.open_menu("#task-menu", "to=success")
    me.confirm()
    me.is_told()
    assert run.task("load").state == "success"
    me.press("main > .note.ok a[data-sheet]")
    me.confirm()
    me.is_told()
    assert run.task("load").state == "failed"


@task("skip a task")
def skip(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(log_of(run, "load"))
    me.open_menu("#task-menu", "to=skipped")
    me.confirm()
    me.is_told()
    assert run.task("load").state == "skipped"


@task("rerun a group of tasks")
def group(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(f"{page_of(run, '/grid')}?group=checks")
    name = me.page.locator(".grid-name.group").first
    me.sees(name)
    cell = me.page.locator(".cell.group").last
    if me.mode.hand == "keys":
        me.page.locator("[role=grid]").focus()
        for _ in range(8):
            if me.page.locator(".cell.group.on").count():
                break
            me.page.keyboard.press("ArrowUp")
    else:
        me.press(cell)
    me.act("r", '[data-panel] a[href*="group=checks"]')
    me.confirm()
    me.is_told()


@task("choose several runs, and mark them as success")
def many(me: Person) -> None:
    runs = [me.shop.failed_run(), me.shop.failed_run()]
    me.go("/runs")
    for run in runs:
        row = me.page.locator(f"#run-{run.run_pk}")
        if me.mode.hand == "keys":
            row.locator("td a").first.focus()
            me.page.keyboard.press("x")
        else:
            me.flip(row.locator("input"))
    me.press('form[data-picks] button[value="mark"]')
    me.confirm()
    me.is_told()
    assert [run.state for run in runs] == ["success", "success"]
