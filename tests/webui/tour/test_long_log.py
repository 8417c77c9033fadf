"""A log longer than anybody reads: `make tour` opens one of a million lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scheduler.logs.address import LogAddress
from scheduler.logs.lines import encode_line
from tests.integration.record import Run
from tests.webui.tour.conftest import IS_WHOLE
from tests.webui.tour.person import Mode, Person
from tests.webui.tour.shop import log_of

COUNT = 1_000_000 if IS_WHOLE else 50_000
BLOCK = 10_000


def _write_log(run: Run, folder: Path) -> None:
    """Put another log in the place of that of the load: in every block of lines one that is looked for."""
    attempt = run.attempts("load")[-1].id
    address = LogAddress(dag_id=run.row.dag_id, run_id=run.run_id, task_id="load", attempt_id=attempt)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    lines = [encode_line(at, "info", "stdout", f"page {number}") for number in range(BLOCK - 1)]
    block = b"".join([*lines, encode_line(at, "info", "stdout", "end of a block")])
    with address.file(folder).open("wb") as file:
        for _ in range(COUNT // BLOCK):
            file.write(block)
        file.write(encode_line(at, "info", "dirigent", "ended", is_last=True))


@pytest.mark.parametrize("mode", [Mode("mouse", "desk", "light")], ids=str)
def test_a_long_log_opens_scrolls_and_is_searched(person: Person) -> None:
    run = person.shop.failed_run()
    _write_log(run, person.shop.place.home / "logs")
    person.go(log_of(run, "load"))
    page, log = person.page, person.page.locator("[data-log]")
    expect(page.locator("[data-log-status]")).to_contain_text(f"{COUNT + 1:,}", timeout=120_000)
    log.press("End")
    expect(log.get_by_text("ended", exact=True)).to_be_in_viewport()
    log.evaluate("(box) => { box.scrollTop = box.scrollHeight / 2; }")
    expect(log.locator(".log-line").first).to_be_attached()
    assert log.locator(".log-line").count() < 150
    person.write("[data-log-search]", "end of a block")
    expect(page.locator("[data-log-count]")).to_have_text(
        re.compile(rf"1\D+{COUNT // BLOCK}\b"), timeout=60_000
    )
    expect(log.locator(".log-line.here")).to_be_in_viewport()
