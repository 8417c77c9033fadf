"""A DAG file whose imports take long: how long its first task waits for them, and the next one."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from importlib.util import find_spec

from benchmarks.figures import Figure, show
from benchmarks.floors import Floors
from benchmarks.flows import ONE
from benchmarks.server import Server

#: What is imported: the first that is installed. Only the benchmark asks for pandas, and does without it.
MODULES = ("pandas", "networkx")


def heavy(server: Server, runs: int, floors: Floors) -> None:
    """From the trigger to the first start, of a file that no process has imported yet but its parse, and once more."""
    module = next(name for name in MODULES if find_spec(name))
    cold, warm = zip(*[_start_twice(server, module, number) for number in range(runs)], strict=True)
    name = f"heavy: trigger to first start of a file that imports {module}"
    show(
        Figure(f"{name}, cold", cold, "ms", _import_ms(module, runs)),
        Figure(f"{name}, warm", warm, "ms", floors.task * 1000),
    )


def _start_twice(server: Server, module: str, number: int) -> tuple[float, float]:
    """Return how long the first and the second run of a new DAG took to start, in milliseconds."""
    name = f"heavy{number}"
    server.add(name, f"import {module}\n" + ONE.replace('DAG("one"', f'DAG("{name}"'))
    first, second = [server.run(name).first_start_s * 1000 for _ in range(2)]
    return first, second


def _import_ms(module: str, runs: int) -> float:
    """Measure the floor: a new interpreter that imports the module and ends."""
    return statistics.median(_time_import(module) for _ in range(runs)) * 1000


def _time_import(module: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - began
