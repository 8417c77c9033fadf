"""What a reader waits for, in Chromium: a page as it comes, the grid, the graph, the log, a change."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

import sqlalchemy as sa
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.figures import Figure, show
from benchmarks.served import Served
from scheduler.clock import SystemClock
from scheduler.store import Database
from scheduler.store.tables import dag_run, event, task_instance
from scheduler.store.transaction import request_wake

TIMES = 5
CLOCK = SystemClock()
_FRAMES = """box => new Promise(done => {
  const began = performance.now(); let frames = 0; let down = 1;
  const step = now => {
    box.scrollTop += 40 * down; box.scrollLeft += 25 * down; frames += 1;
    if (box.scrollTop + box.clientHeight >= box.scrollHeight) down = -1;
    if (box.scrollTop <= 0) down = 1;
    if (now - began < 2000) requestAnimationFrame(step); else done(frames / ((now - began) / 1000));
  };
  requestAnimationFrame(step);
})"""


def measure_browser(server: Served, name: str, database: str) -> None:
    """Print what each takes."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        reader = Reader(context.new_page(), server, name)
        reader.enter()
        reader.payload()
        reader.wait_for("grid of 1,000 tasks, 100 runs usable", "/dags/wide", ".grid .cell")
        reader.frames()
        reader.wait_for("graph of 1,000 tasks drawn", "/dags/wide/graph", ".graph .node")
        reader.wait_for("10 MB of log at its error", "/dags/loud/runs/loud-1/tasks/shout", ".log-line.error")
        reader.changes(database)
        browser.close()


class Reader:
    """Somebody at a screen."""

    def __init__(self, page: Page, server: Served, name: str) -> None:
        self._page, self._server, self._name = page, server, name

    def enter(self) -> None:
        """Sign in with the printed link's cookie."""
        name, _, value = self._server.cookie.partition("=")
        self._page.context.add_cookies([{"name": name, "value": value, "url": self._server.address}])

    def payload(self) -> None:
        """Count what comes over the wire: the first page of all, and one after it."""
        client = self._page.context.new_cdp_session(self._page)
        client.send("Network.enable")
        for words, path in (("first page", "/dags"), ("page after it", "/runs")):
            taken = _listening(
                client, lambda path=path: self._page.goto(self._server.address + path, wait_until="load")
            )
            print(f"{self._name}: {words} {path:20} {taken / 1000:9.1f} kB over the wire", flush=True)

    def wait_for(self, words: str, path: str, selector: str) -> None:
        """Measure from the click to what is looked for."""
        values = []
        for _ in range(TIMES):
            began = time.perf_counter()
            self._page.goto(self._server.address + path, wait_until="commit")
            self._page.locator(selector).first.wait_for()
            values.append(time.perf_counter() - began)
        show(Figure(f"{self._name}: {words}", values, "s"))

    def frames(self) -> None:
        """Scroll the grid for two seconds."""
        self._page.goto(f"{self._server.address}/dags/wide")
        self._page.locator(".grid .cell").first.wait_for()
        rates = [float(self._page.locator(".grid").first.evaluate(_FRAMES)) for _ in range(3)]
        show(Figure(f"{self._name}: grid scrolled", rates, "/s"))

    def changes(self, database: str) -> None:
        """Measure from the commit of an event to the cell that shows it."""
        self._page.goto(f"{self._server.address}/dags/mapped/runs/mapped-1/tasks?task=each")
        self._page.locator("[data-live] tr").first.wait_for()
        self._page.wait_for_timeout(2000)
        db, values = Database(database), []
        # The last one is what a home begins with, so that one is measured again.
        for state in ("running", "success", "failed", "running", "success"):
            before = self._page.locator("[data-live]").first.inner_html()
            _change(db, state)
            began = time.perf_counter()
            self._page.wait_for_function(
                "before => document.querySelector('[data-live]').innerHTML !== before", arg=before, polling=10
            )
            values.append((time.perf_counter() - began) * 1000)
            self._page.wait_for_timeout(1500)
        db.close()
        show(Figure(f"{self._name}: from event to pixel", values, "ms"))


def _change(db: Database, state: str) -> None:
    with db.write() as session:
        run = session.scalar(sa.select(dag_run.c.id).where(dag_run.c.run_id == "mapped-1"))
        where = (task_instance.c.run_pk == run, task_instance.c.path == "0")
        session.execute(sa.update(task_instance).where(*where).values(state=state))
        session.execute(
            sa.insert(event).values(at=CLOCK.now(), kind="task.state", run_pk=run, to_state=state)
        )
        request_wake(session)


def _listening(client: CDPSession, act: Callable[[], object]) -> int:
    sizes: list[int] = []

    def note(finished: dict[str, float]) -> None:
        sizes.append(int(finished["encodedDataLength"]))

    client.on("Network.loadingFinished", note)
    act()
    client.remove_listener("Network.loadingFinished", note)
    return sum(sizes)
