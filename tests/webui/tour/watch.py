"""What nobody says aloud on a tour: the console, requests that fail, what moves under the reader, axe."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response

AXE = Path(__file__).parents[3] / "webui/frontend/node_modules/axe-core/axe.min.js"
VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(({violations}) =>
    violations.flatMap(({id, help, nodes}) => nodes.map(({html}) => `${id}: ${help}: ${html.slice(0, 200)}`)))"""
#: Sums what moves without being asked to, in windows of five seconds at most; keeps the worst beyond the page.
SHIFTS = """
(() => {
    let began = 0, last = 0, sum = 0, most = 0;
    const moved = (entry) => {
        if (entry.startTime - last > 1000 || entry.startTime - began > 5000) [began, sum] = [entry.startTime, 0];
        [last, sum] = [entry.startTime, sum + entry.value];
        if (sum <= most) return;
        most = sum;
        const what = entry.sources.map((each) => each.node?.outerHTML?.slice(0, 120)).join(" ");
        const kept = JSON.parse(sessionStorage.getItem("tour-shifts") ?? "{}");
        kept[location.pathname] = [most, what];
        sessionStorage.setItem("tour-shifts", JSON.stringify(kept));
    };
    const unasked = (list) => list.getEntries().filter((each) => !each.hadRecentInput);
    const observer = new PerformanceObserver((list) => unasked(list).forEach(moved));
    observer.observe({type: "layout-shift", buffered: true});
})();
"""
MOST_SHIFT = 0.1


class Watch:
    """Keeps what the browser complains of, of one page or more."""

    def __init__(self, seen: set[tuple[str, str]] | None) -> None:
        self.complaints: list[str] = []
        #: Kinds of pages by size and theme that axe has looked at; None where it is not to look.
        self.seen = seen

    def over(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("console", self._logged)
        page.on("pageerror", self._thrown)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def end(self, page: Page) -> None:
        """Watch it no more."""
        page.remove_listener("console", self._logged)
        page.remove_listener("pageerror", self._thrown)
        page.remove_listener("requestfailed", self._failed)
        page.remove_listener("response", self._answered)

    def expect(self, pattern: str) -> None:
        """Forget complaints that were meant to be."""
        self.complaints = [each for each in self.complaints if not re.search(pattern, each)]

    def look(self, page: Page, how: str) -> None:
        """Have axe look at the page as it stands, once a kind of page on a screen of this size in these colours."""
        kind = (_kind(page), how)
        if self.seen is None or kind in self.seen:
            return
        self.seen.add(kind)
        page.evaluate(AXE.read_text())
        self.complaints += [f"{kind}: {each}" for each in page.evaluate(VIOLATIONS)]

    def measure(self, page: Page) -> None:
        """Add the pages that moved under the reader."""
        page.wait_for_load_state()
        shifts = page.evaluate("JSON.parse(sessionStorage.getItem('tour-shifts') ?? '{}')")
        page.evaluate("sessionStorage.clear()")
        moved = [(path, most, what) for path, (most, what) in shifts.items() if most > MOST_SHIFT]
        self.complaints += [f"{path} moved by {most:.2f}: {what}" for path, most, what in moved]

    def _say(self, text: str) -> None:
        self.complaints.append(text)

    def _logged(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self._say(line.text)

    def _thrown(self, error: Error) -> None:
        self._say(str(error))

    def _failed(self, request: Request) -> None:
        # A page that is left takes its open questions with it.
        if "ERR_ABORTED" not in (request.failure or ""):
            self._say(f"{request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._say(f"{response.request.method} {response.url}: {response.status}")


def _kind(page: Page) -> str:
    """Name a kind of page: its path without names and numbers, and the sheet that lies over it."""
    sheet = page.evaluate("document.querySelector('dialog[open]')?.dataset.url ?? ''")
    return "+".join(re.sub(r"(?<=/)(shop_|manual__|\d)[^/?]*", "*", path) for path in (page.url, sheet))


def install(context: BrowserContext) -> None:
    """Have every page of a context measure what moves."""
    context.add_init_script(SHIFTS)
