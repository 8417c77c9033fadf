"""parse500: 500 new files of 10 tasks each, from the first look at the folder until all their DAGs are stored.

Beside it what a look costs once nothing changes, the same for 5,000 files, and the floor of the same machine
in the same minute: 500 times fork, exit and wait of a bare Python process, two at a time.

    python benchmarks/parsing.py [--files 500] [--database sqlite:///...]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.parsing import DagFolder
from scheduler.parsing.places import PlainFolder
from scheduler.runtime.supervisor import Supervisor
from scheduler.store import Database, migrate
from scheduler.store.dag_files import list_import_errors
from scheduler.store.dags import list_dags

TASKS = 10
ROUNDS = 5


def dag_file(number: int) -> str:
    """Write a DAG of ten tasks in a row."""
    tasks = "".join(f"    @task\n    def t{at}():\n        return {at}\n" for at in range(TASKS))
    row = " >> ".join(f"t{at}()" for at in range(TASKS))
    head = f"from scheduler import DAG, task\nwith DAG('dag_{number}', schedule='@daily', tags=['bench']):\n"
    return f"{head}{tasks}    {row}\n"


@contextmanager
def dag_folder(folder: Path, url: str) -> Iterator[tuple[Database, DagFolder]]:
    """Open a DAG folder with its database and real children."""
    clock = SystemClock()
    db = Database(url)
    migrate.upgrade(db)
    supervisor = Supervisor(
        on_outcome=lambda _outcome: None, answer=lambda *_asked: None, clock=clock, environ=os.environ
    )
    supervisor.start()
    watched = DagFolder(
        db=db, parser=supervisor, place=PlainFolder(folder / "dags"), home=folder / "home", clock=clock
    )
    try:
        yield db, watched
    finally:
        watched.close()
        supervisor.close()
        db.close()


def timed_sweep(watched: DagFolder) -> tuple[int, float]:
    """Sweep once; return how many files were parsed and the seconds it took."""
    began = time.perf_counter()
    count = watched.sweep(SystemClock().now())
    return count, time.perf_counter() - began


def idle(watched: DagFolder) -> str:
    """Time looks at an unchanged folder, after one that reads again what was just written."""
    timed_sweep(watched)
    times = [timed_sweep(watched)[1] * 1000 for _ in range(ROUNDS)]
    return f"{statistics.median(times):.1f} ms (min {min(times):.1f}, max {max(times):.1f})"


def fork_floor(count: int) -> float:
    """Return the seconds that so many processes take that do nothing, two at a time."""

    def one(_: int) -> None:
        pid = os.posix_spawn("/bin/true", ["true"], {})
        os.waitpid(pid, 0)

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(count)))
    return time.perf_counter() - began


def main() -> None:
    """Print a line a figure; fail when a file was lost."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--files", type=int, default=500)
    asked.add_argument("--database", default="")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dags" / "sql").mkdir(parents=True)
        for number in range(given.files):
            (folder / "dags" / f"dag_{number}.py").write_text(dag_file(number))
        with dag_folder(folder, given.database or f"sqlite:///{folder}/bench.db") as (db, watched):
            count, seconds = timed_sweep(watched)
            with db.read() as session:
                assert count == len(list_dags(session)) == given.files
                assert not list_import_errors(session)
            floor = fork_floor(given.files)
            print(
                f"parse{given.files:<6} {seconds:8.2f} s   floor {floor:.2f} s   ratio {seconds / floor:.1f}"
            )
            time.sleep(2)  # what was just written is read again until it has settled
            print(f"look, {given.files:>6,} files  {idle(watched)}")
            for number in range(5_000 - given.files):
                (folder / "dags" / "sql" / f"{number}.sql").write_text(f"select {number}")
            timed_sweep(watched)
            time.sleep(2)
            print(f"look,  5,000 files  {idle(watched)}")


if __name__ == "__main__":
    main()
