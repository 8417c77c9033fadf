"""One installation and one browser for the whole tour; a person of each mode."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webui.tour import watch
from tests.webui.tour.person import SIZES, Mode, Person
from tests.webui.tour.shop import Shop, open_shop

#: `make tour` sets it: every task in every mode, and axe on every page.
IS_WHOLE = os.environ.get("DIRIGENT_TEST_TOUR") == "whole"


@pytest.fixture(autouse=True, scope="session")
def patience() -> None:
    """Pages take seconds on a busy machine; a wrong page stays wrong."""
    expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("tour") / "shop") as opened:
        yield opened


@pytest.fixture(scope="session")
def cookies(browser: Browser, shop: Shop) -> Any:
    """The cookies of an administrator."""
    context = browser.new_context()
    person = Person(context.new_page(), shop, Mode("mouse", "desk", "light"), watch.Watch(None))
    person.sign_in("ada")
    kept = context.cookies()
    context.close()
    return kept


@pytest.fixture(scope="session")
def pages(browser: Browser) -> Iterator[dict[str, Page]]:
    """A page for each size, opened once: a browser's process a test would cost more than what is tested."""
    contexts = {name: browser.new_context(viewport=size) for name, size in SIZES.items()}
    for context in contexts.values():
        context.set_default_timeout(30_000)
        watch.install(context)
    yield {name: context.new_page() for name, context in contexts.items()}
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="session")
def looked_at() -> set[tuple[str, str]] | None:
    return set() if IS_WHOLE else None


@pytest.fixture
def person(
    mode: Mode,
    shop: Shop,
    cookies: Any,
    pages: dict[str, Page],
    looked_at: set[tuple[str, str]] | None,
) -> Iterator[Person]:
    page = pages[mode.size]
    page.context.clear_cookies()
    page.context.add_cookies([*cookies, {"name": "dirigent_theme", "value": mode.theme, "url": shop.address}])
    watching = watch.Watch(looked_at)
    watching.over(page)
    yield Person(page, shop, mode, watching)
    watching.measure(page)
    watching.end(page)
    page.goto("about:blank")
    assert watching.complaints == []
