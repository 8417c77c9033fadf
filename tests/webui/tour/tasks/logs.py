"""Reading a log."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.webui.tour.person import Person
from tests.webui.tour.shop import log_of
from tests.webui.tour.tasks.registry import task


def _open(me: Person) -> Locator:
    me.go(log_of(me.shop.failed, "load"))
    log = me.page.locator("[data-log]")
    me.sees(log, "currency")
    return log


@task("jump to the traceback")
def traceback(me: Person) -> None:
    log = _open(me)
    log.evaluate("(log) => { log.scrollTop = 0; }")
    me.press('[data-log-do="error"]')
    expect(log.get_by_text(re.compile("KeyError: 'currency'")).first).to_be_in_viewport()


@task("see the complaints of a log only")
def errors_only(me: Person) -> None:
    log = _open(me)
    me.choose("[data-log-source]", "stderr")
    expect(log).to_contain_text("the till is slow")
    expect(log).not_to_contain_text("order 1 of")


@task("search a log, and go from place to place")
def search(me: Person) -> None:
    _open(me)
    me.write("[data-log-search]", "order 11")
    count = me.page.locator("[data-log-count]")
    expect(count).to_have_text(re.compile(r"1\D+11\b"))
    me.press('[data-log-do="next"]')
    expect(count).to_have_text(re.compile(r"2\D+11\b"))


@task("open what a log has folded")
def fold(me: Person) -> None:
    me.go(log_of(me.shop.good, "checks.rows"))
    log = me.page.locator("[data-log]")
    me.press(log.get_by_role("button", name="all columns"))
    expect(log).to_contain_text("column 3 is there")


@task("keep a log as a file")
def download(me: Person) -> None:
    _open(me)
    with me.page.expect_download() as kept:
        me.press("main a[download]")
    assert "order 119 of north" in kept.value.path().read_text()


@task("send somebody the address of a line")
def line(me: Person) -> None:
    run = me.shop.failed
    me.go(f"{log_of(run, 'load')}#L50")
    me.sees(".log-line.marked", "order ")


@task("look at an earlier attempt")
def earlier(me: Person) -> None:
    run = me.shop.failed_run()
    me.go(log_of(run, "load"))
    me.act("r", 'main a[href*="/rerun"]')
    me.confirm()
    me.is_told()
    run.until_task("load", "success")
    me.go(log_of(run, "load"))
    me.press('.attempts a[href*="try=1"]')
    me.sees("[data-log]", "KeyError")
