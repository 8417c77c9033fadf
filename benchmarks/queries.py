"""What a task costs the database: commits and statements, without those of an idle server."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time

from benchmarks.figures import Figure, show
from benchmarks.flows import CHAIN40, FAN40
from benchmarks.person import Person
from benchmarks.server import Server, fresh_project, wait_until
from tests.integration.processes import Process

REST_S = 10.0
KINDS = ("commits", "statements")


def queries(settings: dict[str, str], runs: int) -> None:
    """Count while a chain and a fan run, on a server that counts."""
    with fresh_project(**settings) as made:
        counts = made.folder / "counts"
        environ = made.environ | {"BENCH_COUNTS": str(counts), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "benchmarks.counted", "up"]
        process = Process(command, made.folder, environ, made.folder / "up.log")
        made.servers.append(process)
        process.wait_for(" is up")
        link = re.search(r"Sign in: (\S+)", process.output)
        assert link is not None
        server = Server(made, process, Person(link[1]))
        for name, text, tasks in (("chain40", CHAIN40, 40), ("fan40", FAN40, 41)):
            server.add(name, text)
            server.run(name)
            _count(server, name, tasks, runs)


def _count(server: Server, name: str, tasks: int, runs: int) -> None:
    at_rest = _read(server)
    time.sleep(REST_S)
    before = _read(server)
    began = time.perf_counter()
    for _ in range(runs):
        server.run(name)
    took = time.perf_counter() - began
    after = _read(server)
    for kind in KINDS:
        idle = (before[kind] - at_rest[kind]) / REST_S * took
        show(Figure(f"{name}: {kind} a task", [(after[kind] - before[kind] - idle) / tasks / runs], ""))


def _read(server: Server) -> dict[str, int]:
    file = server.project.folder / "counts"
    file.unlink(missing_ok=True)
    os.kill(server.process.pid, signal.SIGUSR1)
    wait_until(file.exists)
    counts: dict[str, int] = json.loads(file.read_text())
    return counts
