"""Writes the pictures of `docs/images`: `make pictures`. Look at them before you keep them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext, sync_playwright

from tests.conftest import BROWSERS
from tests.webui.tour.person import SIZES, Mode, Person
from tests.webui.tour.shop import Shop, open_shop, page_of
from tests.webui.tour.watch import Watch

IMAGES = Path(__file__).parents[3] / "docs/images/tour"
THEMES = ("light", "dark")


def _fill(shop: Shop) -> dict[str, tuple[str, str]]:
    """Make a day at the shop; return the pages to show, each with what it waits for."""
    for number in range(12):
        shop.trigger("shop_orders", region="south", day=number + 1).until()
    failed = shop.failed
    shop.trigger("shop_orders", day=20).until()
    shop.trigger("shop_refund").until_task("approve", "awaiting_input")
    shop.failed_run()
    return {
        "now": ("/", "#failed-1"),
        "grid": ("/dags/shop_orders", "[data-panel] .log-line"),
        "log": (page_of(failed, "/tasks/load"), ".log-line"),
    }


def _take(context: BrowserContext, shop: Shop, mode: Mode, pages: dict[str, tuple[str, str]]) -> None:
    person = Person(context.new_page(), shop, mode, Watch(None))
    person.sign_in("ada")
    context.add_cookies([{"name": "dirigent_theme", "value": mode.theme, "url": shop.address}])
    for name, (path, awaited) in pages.items():
        person.go(path)
        person.sees(awaited)
        person.page.screenshot(path=IMAGES / f"{name}-{mode.size}-{mode.theme}.png")


def main() -> None:
    """Write every picture at a desk and on a phone, light and dark."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        open_shop(Path(folder) / "shop") as shop,
        sync_playwright() as playwright,
    ):
        program = next(filter(None, map(which, BROWSERS)))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        pages = _fill(shop)
        for size, theme in product(SIZES, THEMES):
            context = browser.new_context(viewport=SIZES[size])
            _take(context, shop, Mode("mouse", size, theme), pages)
            context.close()


if __name__ == "__main__":
    main()
