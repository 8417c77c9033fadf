"""Starting, standing idle, and reading a folder of 500 files."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable

from benchmarks.figures import Figure, show
from benchmarks.server import Server, cpu_s, fresh_project, pss_bytes, serving, tree, wait_until
from tests.integration.project import Project

IDLE_S = 20.0
FILES = 500
DAG_FILE = """
from scheduler import DAG, EmptyOperator, chain

with DAG("dag_{number}", schedule=None):
    chain(*[EmptyOperator(task_id=f"t{{i}}") for i in range(10)])
"""


def startup(settings: dict[str, str], runs: int) -> None:
    """From the command to an answering page, on a fresh home and on one that is there."""
    fresh, existing = [], []
    for _ in range(runs):
        with fresh_project(**settings) as made:
            fresh.append(_start(made))
            existing.append(_start(made))
    show(
        Figure("startup: fresh home to page answering", fresh, "s"),
        Figure("startup: existing home to page answering", existing, "s"),
    )


def _start(made: Project) -> float:
    began = time.perf_counter()
    server = made.launch("up")
    wait_until(lambda: "Sign in: " in server.output and _answers(server.address))
    took = time.perf_counter() - began
    server.stop()
    return took


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/sign-in", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def idle(settings: dict[str, str], runs: int) -> None:
    """What a server without DAGs takes."""
    with serving(**settings) as server:
        pid = server.process.pid
        time.sleep(5)
        shares = [_cpu_share(pid) for _ in range(min(runs, 3))]
        show(
            Figure("idle: share of one core", [share * 100 for share in shares], "%"),
            Figure("idle: memory of all processes (PSS)", [pss_bytes(pid) / 1e6], "MB"),
            Figure("idle: processes", [len(tree(pid))], ""),
        )


def _cpu_share(pid: int) -> float:
    before = cpu_s(pid)
    time.sleep(IDLE_S)
    return (cpu_s(pid) - before) / IDLE_S


def parse500(settings: dict[str, str], runs: int) -> None:
    """From 500 new files of ten tasks to all of them known; and what is parsed again when nothing changes."""
    with serving(**settings) as server:
        before = cpu_s(server.process.pid)
        took = _parse(server)
        show(
            Figure(f"parse500: {FILES} files to all registered", [took], "s"),
            Figure("parse500: CPU of all processes", [cpu_s(server.process.pid) - before], "s"),
        )
        time.sleep(5)
        show(Figure("parse500: share of one core afterwards", [_cpu_share(server.process.pid) * 100], "%"))


def _parse(server: Server) -> float:
    began = time.perf_counter()
    for number in range(FILES):
        (server.project.dags / f"dag_{number}.py").write_text(DAG_FILE.format(number=number))
    wait_until(lambda: server.count_dags() == FILES)
    return time.perf_counter() - began


STARTS: dict[str, Callable[[dict[str, str], int], None]] = {
    "startup": startup,
    "idle": idle,
    "parse500": parse500,
}
