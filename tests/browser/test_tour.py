"""The newcomer's tour: from the sign-in link to the report, by way of a failure and its rerun."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


def _node(page: Page, task_id: str, state: str) -> None:
    expect(page.locator(f'[data-id="{task_id}"]')).to_have_attribute("data-state", state)


def take_the_tour(page: Page, link: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    _trigger(page)
    _watch_it_fail(page)
    _rerun_what_failed(page)
    _follow_the_log(page)
    _see_the_report(page)
    assert [line for line in complaints if "sandbox" not in line] == []


def _trigger(page: Page) -> None:
    page.get_by_role("link", name="DAGs", exact=True).click()
    page.get_by_role("link", name="flights_etl").click()
    page.get_by_role("link", name="Trigger…").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("carrier").select_option("UA")
    dialog.get_by_label("rehearse_failure").check()
    expect(dialog.locator(".command code")).to_contain_text('"carrier":"UA"')
    dialog.get_by_role("button", name="Trigger").click()
    expect(page.get_by_role("heading", name=re.compile("^Run of today"))).to_be_visible()


def _watch_it_fail(page: Page) -> None:
    """Tasks turn green in a page that is not loaded anew."""
    page.evaluate("window.stayed = true")
    for task_id in ("extract", "checks.check_rows", "join"):
        _node(page, task_id, "success")
    _node(page, "load", "failed")
    _node(page, "publish", "upstream_failed")
    assert page.evaluate("window.stayed") is True
    page.locator('[data-id="load"]').click()
    expect(page.get_by_label("Log lines")).to_contain_text("The database is on holiday.")
    page.go_back()


def _rerun_what_failed(page: Page) -> None:
    page.get_by_role("link", name="Rerun failed (2)…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".plan li")).to_have_count(2)
    dialog.get_by_role("button", name="Rerun 2 tasks").click()
    expect(page.get_by_role("status").first).to_contain_text("2 tasks will run again")


def _follow_the_log(page: Page) -> None:
    _node(page, "load", "running")
    page.locator('[data-id="load"]').click()
    expect(page.get_by_label("Log lines")).to_contain_text("1 February:")
    expect(page.locator("[data-log-status]")).to_contain_text("live")
    expect(page.get_by_label("Log lines")).to_contain_text("14 February:")
    page.get_by_role("link", name=re.compile("^today ")).click()


def _see_the_report(page: Page) -> None:
    _node(page, "publish", "success")
    expect(page.locator("h1 + .state")).to_have_text("success")
    page.get_by_role("link", name="Result (2)").click()
    report = page.frame_locator('iframe[title="report.html"]')
    expect(report.locator("body")).to_contain_text("flights of UA")
    expect(report.locator("svg").first).to_be_visible()


def test_the_newcomers_tour(page: Page, one_process: str) -> None:
    take_the_tour(page, one_process)


def test_the_same_tour_over_postgresql_redis_and_two_workers(page: Page, distributed: str) -> None:
    take_the_tour(page, distributed)
