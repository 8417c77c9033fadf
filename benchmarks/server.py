"""What is under measurement: `dirigent up`, or scheduler, worker and page, on a folder of its own; what it takes."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import psutil
import sqlalchemy as sa

from benchmarks.person import Person
from scheduler.store.tables import attempt, dag, dag_run, task_instance
from tests.integration.processes import Process
from tests.integration.project import Project, project

POLL_S = 0.02
#: Looks at a run and at memory are work, on the cores that are measured; how long a run took, the database says.
RUN_POLL_S = 0.1
MEMORY_POLL_S = 2.0
#: Of the worker of a distributed set-up: as many as `dirigent up` has on two cores.
SLOTS = 8
GIVE_UP_S = 600.0


class Peer(Protocol):
    """A scheduler under measurement, ours or another."""

    def add(self, dag_id: str, text: str) -> None:
        """Write a DAG file and wait until its DAG is known."""

    def run(self, dag_id: str) -> Done:
        """Trigger a DAG, wait for its end, and check that nothing was lost or ran twice."""


@dataclass
class Server:
    """One running `dirigent up`; or the page of a distributed set-up, and the `others` of it."""

    project: Project
    process: Process
    person: Person
    others: list[Process] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """The processes that were started by hand."""
        return [each.pid for each in (self.process, *self.others)]

    @property
    def ledger(self) -> Path:
        """The file to which every task of a measured DAG adds its name when it runs."""
        return self.project.folder / "ledger"

    def add(self, dag_id: str, text: str) -> None:
        """Write a DAG file and wait until its DAG is known."""
        self.project.write(f"{dag_id}.py", text.replace("LEDGER", repr(str(self.ledger))))
        wait_until(lambda: bool(self.project.record.dag(dag_id)))

    def run(self, dag_id: str) -> Done:
        """Trigger a DAG from the page, wait for its end, and check that nothing was lost or ran twice."""
        self.ledger.unlink(missing_ok=True)
        before = self.cpu_s()
        run_id = self.person.trigger(dag_id)
        with watching_memory(self.pids) as memory:
            wait_until(lambda: self.state(dag_id, run_id) not in ("queued", "running"), RUN_POLL_S)
        done = self._done(dag_id, run_id, self.cpu_s() - before, memory)
        done.check(self.ledger.read_text().split())
        return done

    def cpu_s(self) -> float:
        """Return the CPU seconds of all processes; database and broker are others' matter."""
        return sum(cpu_s(pid) for pid in self.pids)

    def state(self, dag_id: str, run_id: str) -> str:
        """Return how a run stands."""
        query = sa.select(dag_run.c.state).where(dag_run.c.dag_id == dag_id, dag_run.c.run_id == run_id)
        rows = self.project.record.rows(query)
        return str(rows[0][0]) if rows else "queued"

    def _done(self, dag_id: str, run_id: str, cpu: float, memory: Memory) -> Done:
        run = next(row for row in self.project.record.runs(dag_id) if row.run_id == run_id)
        query = (
            sa.select(attempt, task_instance.c.task_id, task_instance.c.scheduled_at)
            .join(task_instance, task_instance.c.id == attempt.c.ti_id)
            .where(attempt.c.run_pk == run.id)
            .order_by(attempt.c.id)
        )
        return Done(run, list(self.project.record.rows(query)), cpu, memory.peak_bytes)

    def count_dags(self) -> int:
        """Return how many DAGs are known."""
        return int(self.project.record.rows(sa.select(sa.func.count()).select_from(dag))[0][0])


@dataclass(frozen=True, slots=True)
class Done:
    """A run that ended, as the database records it."""

    run: sa.Row
    attempts: list[sa.Row]
    cpu_s: float
    peak_bytes: int

    def check(self, ledger: list[str]) -> None:
        """Fail where a task was lost, or ran twice."""
        assert self.run.state == "success", self.run
        ran = sorted(row.task_id for row in self.attempts)
        assert len(set(ran)) == len(ran), "an attempt too many"
        assert sorted(ledger) == ran, "tasks and their effects differ"

    @property
    def total_s(self) -> float:
        """Return the time from the trigger to the end."""
        return seconds(self.run.queued_at, self.run.end_date)

    @property
    def first_start_s(self) -> float:
        """Return the time from the trigger to the start of user code."""
        return seconds(self.run.queued_at, min(row.start_date for row in self.attempts))

    @property
    def gaps_s(self) -> list[float]:
        """Return the times from the end of each task to the start of the next, in a chain."""
        rows = sorted(self.attempts, key=lambda row: row.start_date)
        return [seconds(one.end_date, two.start_date) for one, two in pairwise(rows)]

    @property
    def scheduling_s(self) -> list[float]:
        """Return the times from dependencies met to queued."""
        return [seconds(row.scheduled_at, row.queued_at) for row in self.attempts]

    @property
    def pick_up_s(self) -> list[float]:
        """Return the times from queued to user code running."""
        return [seconds(row.queued_at, row.start_date) for row in self.attempts]


def seconds(one, two) -> float:  # noqa: ANN001 - instants
    """Return how long it is from one instant to another."""
    return (two - one).total_seconds()


@dataclass
class Memory:
    """The most that was seen while watching."""

    peak_bytes: int = 0
    over: Event = field(default_factory=Event)


@contextmanager
def watching_memory(pids: Sequence[int]) -> Iterator[Memory]:
    """Look at the memory of all processes now and then, and at the end."""
    memory = Memory()

    def watch() -> None:
        while not memory.over.wait(MEMORY_POLL_S):
            memory.peak_bytes = max(memory.peak_bytes, sum(map(pss_bytes, pids)))

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        memory.over.set()
        thread.join()
        memory.peak_bytes = max(memory.peak_bytes, sum(map(pss_bytes, pids)))


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all below it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, of all below it, and of those below that have ended."""
    times = [process.cpu_times() for process in tree(pid)]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def own_cpu_share(pid: int, over_s: float = 5.0) -> float:
    """Return the share of one core that a process takes, without those below it."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    time.sleep(over_s)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / over_s


def log_bytes(server: Server, dag_id: str) -> int:
    """Return what the logs of a DAG take on the disk; a file may be dropped meanwhile."""
    sizes = []
    for file in (server.project.home / "logs" / dag_id).rglob("*.log*"):
        with suppress(FileNotFoundError):
            sizes.append(file.stat().st_size)
    return sum(sizes)


def pss_bytes(pid: int) -> int:
    """Return the proportional memory of a process and all below it.

    A server shows it to root only; to others its resident memory stands in, which is more.
    """
    total = 0
    for process in tree(pid):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            total += process.memory_info().rss
    return total


def wait_until(look, every_s: float = POLL_S) -> None:  # noqa: ANN001 - a predicate
    """Wait until something holds; fail after ten minutes."""
    deadline = time.monotonic() + GIVE_UP_S
    while not look():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(every_s)


@contextmanager
def fresh_project(**settings: str) -> Iterator[Project]:
    """Give a project in a temporary folder."""
    temporary = tempfile.TemporaryDirectory(prefix="dirigent-bench-")
    with temporary as folder, project(Path(folder) / "shop", **settings) as made:
        yield made


@contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """Run `dirigent up` on a fresh project."""
    with fresh_project(**settings) as made:
        process = made.start()
        yield Server(made, process, _person(process))


@contextmanager
def distributed(slots: int = SLOTS, **settings: str) -> Iterator[Server]:
    """Run scheduler, worker and page on the database and the broker of the settings."""
    with fresh_project(secret_key="b" * 44, **settings) as made:
        others = [made.start("scheduler"), made.start("worker", "--slots", str(slots))]
        page = made.start("web")
        yield Server(made, page, _person(page), others)


def _person(process: Process) -> Person:
    link = re.search(r"Sign in: (\S+)", process.output)
    assert link is not None, process.output
    return Person(link[1])
