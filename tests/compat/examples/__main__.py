"""`python -m tests.compat.examples`: a table of Airflow's example DAGs; `make compat` calls it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.compat.examples.play import Line, play
from tests.compat.examples.providers import install, run_tasks

CACHE = Path(".compat")


def _shown(lines: Iterable[Line]) -> Table:
    table = Table("file", "loads", "DAG", "end state", "expected", "reason")
    for line in lines:
        loads = "yes" if line.loads else "no"
        table.add_row(Path(line.file).name, loads, line.dag_id, line.state, line.expected, line.reason)
    return table


def _summary(lines: list[Line]) -> str:
    files = {line.file: line.loads for line in lines}
    ran = [line for line in lines if line.dag_id]
    right = [line for line in ran if line.is_right]
    return (
        f"{sum(files.values())} of {len(files)} files load; {len(right)} of {len(ran)} DAGs end as in Airflow; "
        f"{sum(not line.is_right and not line.is_excused for line in lines)} differ for no known reason"
    )


def main() -> int:
    """Play, print, and fail where something differs for no known reason."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dirigent-compat-") as folder:
        install(CACHE.resolve())
        said = run_tasks(CACHE.resolve(), Path(folder))
        lines = play(CACHE.resolve(), Path(folder) / "server")
    console = Console(width=200)
    console.print(_shown(lines))
    console.print(_summary(lines))
    console.print(said)
    return 0 if all(line.is_right or line.is_excused for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
