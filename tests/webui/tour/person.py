"""A person on the tour: what they can do, and what they see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.webui.tour.hands import Hands, Keys, Mouse
from tests.webui.tour.shop import PASSWORD, Shop
from tests.webui.tour.watch import Watch

SIZES: dict[str, ViewportSize] = {
    "desk": {"width": 1440, "height": 900},
    "phone": {"width": 360, "height": 740},
}
HANDS = {"mouse": Mouse, "keys": Keys}


@dataclass(frozen=True)
class Mode:
    """How somebody works: with what, on what, in which colours."""

    hand: str
    size: str
    theme: str

    def __str__(self) -> str:
        return f"{self.hand}-{self.size}-{self.theme}"


class Person:
    """Somebody at a page of the shop."""

    def __init__(self, page: Page, shop: Shop, mode: Mode, watch: Watch) -> None:
        self.page, self.shop, self.mode, self.watch = page, shop, mode, watch
        self.hands: Hands = HANDS[mode.hand](page)

    @property
    def has_phone(self) -> bool:
        """Whether the page is that of a phone."""
        return self.mode.size == "phone"

    @property
    def sheet(self) -> Locator:
        """The sheet that lies over the page."""
        return self.page.locator("dialog#sheet[open]")

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path if path.startswith("http") else self.shop.address + path)
        self.page.wait_for_selector("html.ready", state="attached")
        self._look()

    def find(self, selector: str, text: str | None = None) -> Locator:
        """Return the first of what a page shows; on a phone many things stand elsewhere."""
        return self.page.locator(f"{selector} >> visible=true").filter(has_text=text).first

    def link(self, part: str, within: str = "") -> Locator:
        """Return the first link to an address with this part."""
        return self.find(f'{within} a[href*="{part}"]')

    def press(self, target: Locator | str) -> None:
        """Press a button, open a link or a menu."""
        self.hands.press(self._locator(target))

    def flip(self, target: Locator | str) -> None:
        """Turn a box, a choice or a switch."""
        self.hands.flip(self._locator(target))

    def write(self, target: Locator | str, text: str) -> None:
        """Replace what stands in a field."""
        self.hands.write(self._locator(target), text)

    def choose(self, target: Locator | str, label: str) -> None:
        """Choose from a list that drops down."""
        self.hands.choose(self._locator(target), label)

    def act(self, letter: str, target: Locator | str) -> None:
        """Press the letter of a button, or the button."""
        self.hands.act(letter, self._locator(target))

    def open_row(self, row: Locator | str) -> None:
        """Open a row of a list."""
        self.hands.open_row(self._locator(row))

    def open_menu(self, summary: str, entry: str) -> None:
        """Open a menu and press what leads to this address."""
        self.press(f"{summary} > summary")
        self.press(f'{summary} a[href*="{entry}"]')

    def confirm(self, button: str = ".btn.primary") -> None:
        """Press the main button of the sheet, once it is there."""
        target = self.sheet.locator(button).first
        expect(target).to_be_visible()
        self._look()
        self.press(target)

    def fill(self, **fields: str) -> None:
        """Fill in the sheet, by the names of its fields."""
        for name, text in fields.items():
            self.write(self.sheet.locator(f'[name="{name}"]'), text)

    def sees(self, target: Locator | str, text: str | re.Pattern[str] | None = None) -> None:
        """See something, in these words."""
        found = self._locator(target)
        expect(found).to_be_visible()
        if text is not None:
            expect(found).to_contain_text(text)
        self._look()

    def sees_no(self, target: str) -> None:
        """See nothing of the kind."""
        expect(self.page.locator(f"{target} >> visible=true")).to_have_count(0)

    def is_at(self, pattern: str) -> None:
        """Be at an address."""
        expect(self.page).to_have_url(re.compile(pattern))
        self.page.wait_for_selector("html.ready", state="attached")
        self._look()

    def is_told(self, text: str | None = None) -> None:
        """Be told that something was done."""
        self.sees(".toast, main > .note.ok[role=status]", text)

    def sign_in(self, name: str) -> None:
        """Come in with name and password."""
        self.page.context.clear_cookies()
        self.go("/sign-in")
        self.write("#username", name)
        self.write("#password", PASSWORD)
        self.press("form button[type=submit]")
        self.is_at(r"/$")

    def _look(self) -> None:
        self.watch.look(self.page, f"{self.mode.size} {self.mode.theme}")

    def _locator(self, target: Locator | str) -> Locator:
        return self.find(target) if isinstance(target, str) else target
