"""What pages take at size: `make bench-web`, or `python -m benchmarks.web [--only sqlite|postgresql] [--home FOLDER]`.

Makes the sizes of `benchmarks.sizes`, on SQLite and on a PostgreSQL of its own, and prints for each page what the
server takes (median and p95 of 20 visits, a new connection each), in Chromium what a reader waits for, and what two
hundred open pages take while 50 events a second happen. With `--only postgresql --home FOLDER` the folder is filled
once, its server's cluster too, and stays for the next time, when its tables are upgraded; root needs one that others
may reach.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.browser import measure_browser
from benchmarks.figures import percentile, show_machine
from benchmarks.open_pages import measure_open_pages
from benchmarks.served import Served, served
from benchmarks.services import KeptPostgres
from benchmarks.sizes import Sizes, make
from scheduler.clock import SystemClock
from scheduler.store.engine import Database
from scheduler.store.migrate import upgrade

VISITS = 20
WIDE = "/dags/wide/runs/wide-100"
MAPPED = "/dags/mapped/runs/mapped-1"
LOUD = "/dags/loud/runs/loud-1"
COMPARED = "/runs/compare?run=wide/wide-99&run=wide/wide-100"
PAGES = (
    *(
        "/",
        "/dags",
        "/dags?q=crowd-77",
        "/dags?state=failing",
        "/runs",
        "/runs?state=failed",
        "/runs?q=crowd-77",
    ),
    *("/assets", "/assets/graph", "/ui/assets/graph", "/dashboard", "/alerts", "/ui/find?q=crowd-77"),
    *("/audit", "/deploys", "/workers", "/pools", "/variables", "/connections", "/required_actions"),
    *(
        "/dags/wide",
        "/ui/dags/wide/grid",
        "/dags/wide/graph",
        "/ui/dags/wide/graph",
        "/dags/wide/runs",
        "/dags/wide/details",
    ),
    *("/dags/wide/backfills", "/dags/wide/calendar", "/dags/wide/durations", "/dags/wide/code"),
    *(WIDE, f"{WIDE}/grid", f"{WIDE}/tasks", f"{WIDE}/events", f"/ui{WIDE}/states", f"{WIDE}/tasks/g3.t7"),
    *(f"{WIDE}/gantt", f"{WIDE}/result", COMPARED),
    *(
        MAPPED,
        f"{MAPPED}/tasks",
        f"{MAPPED}/tasks?task=each&page=50",
        f"/ui{MAPPED}/states",
        f"{MAPPED}/tasks/each",
        f"{MAPPED}/gantt",
    ),
    f"{LOUD}/tasks/shout",
    *("/api/v2/dags?limit=100", "/api/v2/dags/~/dagRuns?limit=100", "/api/v2/eventLogs?limit=100"),
    *("/api/v2/dags/~/dagRuns/~/taskInstances?limit=100", "/api/v2/dags/wide/tasks", "/openapi.json"),
)
OPEN = ["/", "/dags", "/runs", "/dags/wide", WIDE, f"{MAPPED}/tasks", f"{LOUD}/tasks/shout"]


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--home", type=Path, help="filled the first time, and kept")
    parser.add_argument("--skip", action="append", default=[], choices=["pages", "browser", "open"])
    options = parser.parse_args()
    for name, setting in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        if options.only in (None, name.lower()):
            show_machine(name, "dirigent web alone")
            with setting(options.home) as (home, url), served(home, url) as server:
                _measure(server, name, url, options.skip)


def _measure(server: Served, name: str, url: str, skip: list[str]) -> None:
    if "pages" not in skip:
        _measure_pages(server, name)
    if "browser" not in skip:
        measure_browser(server, name, url)
    if "open" not in skip:
        measure_open_pages(server, url, OPEN, name)


def _measure_pages(server: Served, name: str) -> None:
    for path in PAGES:
        server.ask(path)
        visits = [server.ask(path) for _ in range(VISITS)]
        wrong = {status for _, status, _ in visits} - {200}
        taken = sorted(took for took, _, _ in visits)
        middle, late = taken[len(taken) // 2], percentile(taken, 0.95)
        mark = "  NOT AS PROMISED" if middle > 150 or late > 400 or wrong else ""
        size = len(visits[0][2]) / 1000
        print(
            f"{name}: {path:42} {middle:7.1f} ms, p95 {late:7.1f} ms, {size:7.1f} kB{mark} {wrong or ''}",
            flush=True,
        )


@contextmanager
def _sqlite(home: Path | None) -> Iterator[tuple[Path, str]]:
    with tempfile.TemporaryDirectory(prefix="dirigent-bench-web-") as made:
        folder = home or Path(made)
        url = f"sqlite:///{folder / 'dirigent.db'}"
        _fill(folder, url)
        yield folder, url


@contextmanager
def _postgresql(home: Path | None) -> Iterator[tuple[Path, str]]:
    with tempfile.TemporaryDirectory(prefix="dirigent-bench-web-") as made, ExitStack() as parts:
        folder = home or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        server = parts.enter_context(KeptPostgres(folder / "postgres"))
        _fill(folder, server.url)
        yield folder, server.url


def _fill(folder: Path, url: str) -> None:
    """Make the sizes where they are not there yet, in tables as they are today. The log is made last."""
    db = Database(url)
    upgrade(db)
    if not (folder / "logs").exists():
        make(db, folder / "logs", Sizes(), SystemClock().now())
    db.close()


if __name__ == "__main__":
    main()
