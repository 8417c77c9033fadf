"""The pages in Chromium, signed in, over a real database; what the browser complains of fails the test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, ViewportSize, expect

from scheduler.cli.parts.page import Page as Server
from scheduler.cli.parts.page import address_of, bind
from scheduler.store import Database
from tests.webui.conftest import StillClock, new_link

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(autouse=True, scope="session")
def patience() -> None:
    """Pages take seconds on a busy machine; a wrong page stays wrong."""
    expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Browsers of the tests stand in one time zone, wherever the machine does."""
    return {**browser_context_args, "timezone_id": "UTC"}


class Serving:
    """A server of the pages, that can be stopped and started again at its address."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._port = 0
        self.start()

    def start(self) -> None:
        """Answer again."""
        listener = bind("127.0.0.1", self._port)
        self._port = listener.getsockname()[1]
        self.address = address_of(listener)
        self._server = Server(self._app, listener)
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.close()


@pytest.fixture
def serving(app: Flask) -> Iterator[Serving]:
    """A server of the pages."""
    started = Serving(app)
    yield started
    started.stop()


@pytest.fixture
def address(serving: Serving) -> str:
    """Its address."""
    return serving.address


@dataclass
class Tab:
    """A browser's tab on our server, and what went wrong in it."""

    page: Page
    address: str
    complaints: list[str]

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("html.ready", state="attached")
        return self.page


def _listen(tab: Tab) -> None:
    def failed(request: Request) -> None:
        # A page that is left takes its open questions with it.
        if "ERR_ABORTED" not in (request.failure or ""):
            tab.complaints.append(f"{request.url}: {request.failure}")

    tab.page.on("console", lambda line: tab.complaints.append(line.text) if line.type == "error" else None)
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.page.on("requestfailed", failed)


@pytest.fixture
def tab(page: Page, address: str, db: Database, clock: StillClock) -> Iterator[Tab]:
    page.set_viewport_size(DESK)
    page.clock.set_fixed_time(clock.now())
    tab = Tab(page, address, [])
    _listen(tab)
    page.goto(f"{address}/sign-in?token={new_link(db, clock.now())}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/$"))
    yield tab
    assert tab.complaints == []
