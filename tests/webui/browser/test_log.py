"""The log in the browser: it follows what is written, jumps to the error, and finds words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scheduler.logs.address import LogAddress
from scheduler.logs.lines import encode_line
from scheduler.store import Database
from scheduler.store.views import runs, tasks
from tests.webui import seed
from tests.webui.browser.conftest import Tab
from tests.webui.test_actions import LIVE_RUN, LIVE_RUN_ID
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID


class Writer:
    """Writes the log of a task's only attempt."""

    def __init__(self, db: Database, run_id: str, task_id: str) -> None:
        with db.read() as session:
            run = runs.find_run(session, "orders_hourly", run_id)
            attempt = tasks.list_attempts(session, tasks.find_task(session, run.id, task_id).id)[-1]
        address = LogAddress(dag_id="orders_hourly", run_id=run_id, task_id=task_id, attempt_id=attempt.id)
        self.file = address.file(Path(str(db.url.database)).parent / "logs")
        self.file.parent.mkdir(parents=True, exist_ok=True)

    def line(self, text: str, *, level: str = "info", source: str = "stdout", is_last: bool = False) -> None:
        with self.file.open("ab") as stream:
            stream.write(encode_line(seed.NOW, level, source, text, is_last=is_last))


@pytest.fixture
def running(db: Database) -> Writer:
    return Writer(db, LIVE_RUN_ID, "enrich.customers")


@pytest.fixture
def failed(db: Database) -> Writer:
    writer = Writer(db, FAILED_RUN_ID, "enrich.prices")
    for n in range(2000):
        writer.line(f"page {n}")
    for text in ("Traceback (most recent call last):", '  File "orders.py", line 57', "KeyError: 'currency'"):
        writer.line(text)
    for n in range(500):
        writer.line(f"\x1b[32mcleaned\x1b[0m {n}")
    writer.line("ended", is_last=True)
    return writer


def test_a_line_is_seen_within_a_second_of_being_written(tab: Tab, running: Writer) -> None:
    running.line("began")
    page = tab.go(f"{LIVE_RUN}/tasks/enrich.customers")
    log = page.get_by_label("Log lines")
    expect(log).to_contain_text("began")
    for n in range(100):
        running.line(f"line {n}")
    expect(log).to_contain_text("line 99", timeout=1500)
    expect(page.get_by_text("101 lines · live")).to_be_visible()


def _begin_attempt(db: Database, task_id: str) -> Writer:
    with db.write() as session:
        run = runs.find_run(session, "orders_hourly", LIVE_RUN_ID)
        task = tasks.find_task(session, run.id, task_id)
        seed.add_attempt(session, run.id, task.id, "running", seed.NOW)
        seed.tell(session, run.id)
    return Writer(db, LIVE_RUN_ID, task_id)


def test_the_log_comes_when_the_task_starts_and_moves_on_to_its_next_attempt(db: Database, tab: Tab) -> None:
    page = tab.go(f"{LIVE_RUN}/tasks/join")
    expect(page.get_by_text("No attempt yet")).to_be_visible()
    _begin_attempt(db, "join").line("first attempt")
    expect(page.get_by_label("Log lines")).to_contain_text("first attempt")
    _begin_attempt(db, "join").line("second attempt")
    expect(page.get_by_label("Log lines")).to_contain_text("second attempt")
    expect(page.get_by_label("Log lines")).not_to_contain_text("first attempt")


def test_a_record_of_many_lines_is_many_lines(tab: Tab, running: Writer) -> None:
    running.line("Traceback (most recent call last):\n  File x\nKeyError: 1", level="error")
    page = tab.go(f"{LIVE_RUN}/tasks/enrich.customers")
    expect(page.locator(".log-line.error")).to_have_count(3)
    expect(page.locator(".log-line .t").nth(2)).to_have_text(re.compile(r"^\s*$"))


def test_a_finished_log_opens_at_its_error_and_draws_only_what_is_seen(tab: Tab, failed: Writer) -> None:
    page = tab.go(f"{FAILED_RUN}/tasks/enrich.prices")
    log = page.get_by_label("Log lines")
    expect(log.get_by_text("KeyError: 'currency'")).to_be_in_viewport()
    expect(page.get_by_text("2,504 lines")).to_be_visible()
    assert log.locator(".log-line").count() < 120


def test_words_are_found_through_colours(tab: Tab, failed: Writer) -> None:
    page = tab.go(f"{FAILED_RUN}/tasks/enrich.prices")
    expect(page.get_by_text("2,504 lines")).to_be_visible()
    page.get_by_label("Search the log").fill("cleaned 4")
    expect(page.get_by_text("1 of 111")).to_be_visible()
    expect(page.locator(".log-line.here .ansi-green-fg")).to_have_text("cleaned")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("2 of 111")).to_be_visible()
    page.get_by_role("button", name="Jump to error").click()
    expect(page.get_by_text("KeyError: 'currency'").last).to_be_in_viewport()
    page.get_by_label("Source").select_option("stdout")
    expect(page).to_have_url(re.compile(r"\?find=cleaned\+4&source=stdout$"))
    page.reload()
    expect(page.get_by_label("Search the log")).to_have_value("cleaned 4")
    expect(page.get_by_label("Source")).to_have_value("stdout")
    expect(page.locator(".log-line.here")).to_be_in_viewport()


def test_a_line_has_an_address(tab: Tab, failed: Writer) -> None:
    page = tab.go(f"{FAILED_RUN}/tasks/enrich.prices#L12")
    expect(page.locator(".log-line.marked")).to_contain_text("page 11")
    page.locator(".log-line .n", has_text=re.compile("^13$")).click()
    expect(page).to_have_url(re.compile("#L13$"))


def test_markup_in_a_log_stays_text(tab: Tab, running: Writer) -> None:
    running.line("<img src=x onerror=\"document.title='mine'\">")
    page = tab.go(f"{LIVE_RUN}/tasks/enrich.customers")
    expect(page.get_by_label("Log lines")).to_contain_text("<img src=x")
    assert "mine" not in page.title()


def test_a_log_is_filtered_by_level_and_source(tab: Tab, running: Writer) -> None:
    for source, level, text in (
        ("stdout", "info", "printed"),
        ("stderr", "warning", "complained"),
        ("logging", "error", "went wrong"),
    ):
        running.line(text, level=level, source=source)
    page = tab.go(f"{LIVE_RUN}/tasks/enrich.customers")
    lines = page.locator(".log-line .x")
    expect(lines).to_have_text(["printed", "complained", "went wrong"])
    page.get_by_label("Level").select_option("Warnings and errors")
    expect(lines).to_have_text(["complained", "went wrong"])
    running.line("not seen")
    running.line("seen at once", level="error", source="stderr")
    expect(lines).to_have_text(["complained", "went wrong", "seen at once"], timeout=1500)
    page.get_by_label("Source").select_option("stderr")
    expect(lines).to_have_text(["complained", "seen at once"])
    expect(page.locator(".log-line .n").last).to_have_text("5")
    expect(page.get_by_text("2 of 5 lines · live")).to_be_visible()


def test_a_long_log_scrolls_to_its_end_wraps_folds_links_and_can_be_kept(tab: Tab, failed: Writer) -> None:
    failed.line("::group::quiet part")
    failed.line("see https://shop.example/orders/7, " + "a long line " * 40)
    failed.line("::endgroup::")
    failed.line("ended again", is_last=True)
    page = tab.go(f"{FAILED_RUN}/tasks/enrich.prices")
    expect(page.get_by_text("2,507 lines")).to_be_visible()
    log = page.get_by_label("Log lines")
    log.press("End")
    expect(log.get_by_text("ended again")).to_be_in_viewport()
    expect(log.get_by_role("link")).to_have_count(0)
    page.get_by_role("button", name="quiet part").click()
    link = log.get_by_role("link", name="https://shop.example/orders/7", exact=True)
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    wide = log.evaluate("box => box.scrollWidth > box.clientWidth")
    page.get_by_role("button", name="Wrap").click()
    expect(log).to_have_class(re.compile("wraps"))
    assert wide
    assert log.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.get_by_label("Search the log").fill("a long line")
    expect(page.locator(".log-line.here")).to_be_in_viewport()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    text = kept.value.path().read_text()
    assert text.count("\n") == 2508
    assert "INFO     cleaned 499" in text
