"""Two ways to work a page. Both reach the same things; only one has a mouse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date

from playwright.sync_api import Locator, Page, expect

#: How many times Tab leads from where the focus is to a node; null where one of the two is not in that order.
STEPS = """(target) => {
    const scope = document.querySelector("dialog[open]") ?? document;
    const isPassed = (node) => node.type === "radio" && !node.checked &&
        [...scope.querySelectorAll("input[type=radio]:checked")].some((each) => each.name === node.name);
    const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
    const isReached = (node) => node.tabIndex >= 0 && !node.disabled && !isPassed(node) &&
        node.checkVisibility({visibilityProperty: true});
    const all = [...scope.querySelectorAll(kinds)].filter(isReached);
    const there = all.indexOf(target);
    const from = document.activeElement;
    if (from === target) return 0;
    // A box that scrolls has the focus without being in that order.
    if (from !== document.body && !all.includes(from)) return 1;
    return there < 0 ? null : there - all.indexOf(from);
}"""
FOCUSED = "(node) => node === document.activeElement"
RINGED = "(node) => { const s = getComputedStyle(node); return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; }"
MOST_TABS = 150


class Hands(ABC):
    """Works a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @abstractmethod
    def press(self, target: Locator) -> None:
        """Press a button, open a link or a menu."""

    @abstractmethod
    def flip(self, target: Locator) -> None:
        """Turn a box, a choice or a switch."""

    @abstractmethod
    def write(self, target: Locator, text: str) -> None:
        """Replace what stands in a field."""

    @abstractmethod
    def choose(self, target: Locator, label: str) -> None:
        """Choose from a list that drops down."""

    @abstractmethod
    def set_day(self, target: Locator, day: date) -> None:
        """Put midnight of a day into a field for dates with times."""

    @abstractmethod
    def act(self, letter: str, target: Locator) -> None:
        """Do what a button does that also has a letter."""

    @abstractmethod
    def open_row(self, row: Locator) -> None:
        """Open a row of a list."""


class Mouse(Hands):
    """Points and clicks; types into fields."""

    def press(self, target: Locator) -> None:
        target.click()

    flip = press

    def write(self, target: Locator, text: str) -> None:
        target.click()
        target.fill(text)

    def choose(self, target: Locator, label: str) -> None:
        target.select_option(label=label)

    def set_day(self, target: Locator, day: date) -> None:
        target.fill(f"{day}T00:00")
        target.blur()

    def act(self, letter: str, target: Locator) -> None:
        self.press(target)

    def open_row(self, row: Locator) -> None:
        row.locator("a").first.click()


class Keys(Hands):
    """Has a keyboard and nothing else: what Tab does not reach is out of reach."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def flip(self, target: Locator) -> None:
        if target.get_attribute("type") == "radio":
            self._choose_radio(target)
            return
        self._reach(target)
        self.page.keyboard.press("Space")

    def write(self, target: Locator, text: str) -> None:
        self._reach(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def choose(self, target: Locator, label: str) -> None:
        self._reach(target)
        self.page.keyboard.type(label)
        self.page.keyboard.press("Tab")

    def set_day(self, target: Locator, day: date) -> None:
        self._reach(target)
        self.page.keyboard.type(f"{day:%m%d%Y}")
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.type("1200AM")
        expect(target).to_have_value(f"{day}T00:00")

    def act(self, letter: str, target: Locator) -> None:
        expect(target).to_be_attached()
        self.page.keyboard.press(letter)

    def open_row(self, row: Locator) -> None:
        expect(row).to_be_visible()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("ArrowDown")
            if row.evaluate("(row) => row.contains(document.activeElement)"):
                self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"arrows do not lead to the row {row}")

    def _choose_radio(self, target: Locator) -> None:
        form = self.page.locator("dialog[open] form, main form")
        group = form.locator(f'input[type=radio][name="{target.get_attribute("name")}"]')
        chosen = group.and_(self.page.locator(":checked"))
        self._reach(chosen if chosen.count() else group.first)
        for _ in range(group.count()):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        assert target.is_checked()

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        self._tab(target.evaluate(STEPS))
        # What scrolls takes the focus too: the way can be longer than it looks.
        for _ in range(MOST_TABS):
            if target.evaluate(FOCUSED):
                break
            self._tab(target.evaluate(STEPS) or 1)
        assert target.evaluate(FOCUSED), f"Tab does not lead to {target}"
        assert target.evaluate(RINGED), f"nothing shows that {target} has the focus"

    def _tab(self, steps: int | None) -> None:
        assert steps is not None, "Tab cannot lead there"
        for _ in range(abs(steps)):
            self.page.keyboard.press("Tab" if steps > 0 else "Shift+Tab")
