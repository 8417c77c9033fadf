"""How much memory processes take and how large tables grow, sampled while a soak goes on, and judged at its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import NamedTuple

import psutil
import sqlalchemy as sa

from scheduler.store import tables as t
from tests.chaos.arena import Arena

#: What runs leave behind: retention bounds it. The rest grows with time, or with the number of servers.
OF_RUNS = (t.dag_run, t.task_instance, t.attempt, t.event, t.xcom, t.artifact, t.log_chunk)
TABLES = (*OF_RUNS, t.tally, t.delay_tally, t.task_tally, t.outbox, t.worker, t.outage, t.alert, t.snapshot)
#: Between the middle third and the last one: caches fill, allocators round up, and load goes up and down.
ALLOWED_GROWTH, ALLOWED_MB = 0.1, 6.0
ALLOWED_MORE_ROWS, ALLOWED_ROWS = 0.5, 1000.0
#: With fewer samples there is nothing to judge.
_ENOUGH = 12


class Key(NamedTuple):
    """A process: of which server, and what it calls itself."""

    server: str
    pid: int
    title: str

    def __str__(self) -> str:
        return f"{self.server} ({self.pid}) {self.title}".rstrip()


class Thirds(NamedTuple):
    """Medians of the samples: the first few, the middle third, the last third; and the largest of all."""

    begin: float
    middle: float
    end: float
    most: float

    def grew(self, share: float, beside: float) -> bool:
        """Whether the last third is above the middle one by more than a share and so much beside."""
        return self.end > self.middle * (1 + share) + beside


def thirds(samples: Sequence[float]) -> Thirds:
    """Sum samples up; there is at least one."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third] or samples, samples[2 * third :]
    return Thirds(median(samples[:3]), median(middle), median(last), max(samples))


class Gauge:
    """Samples every few seconds, in a thread, until it is closed."""

    def __init__(self, arena: Arena, every_s: float = 5.0) -> None:
        self._arena = arena
        self._every_s = every_s
        self._closing = Event()
        self._looks = 0
        self._memory: defaultdict[Key, list[float]] = defaultdict(list)
        self._rows: defaultdict[str, list[float]] = defaultdict(list)
        self._megabytes: defaultdict[str, list[float]] = defaultdict(list)
        self._total: list[float] = []
        self._thread = Thread(target=self._run, name="gauge", daemon=True)

    def __enter__(self) -> Gauge:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            self._look_at_processes()
            self._look_at_tables()

    def _look_at_processes(self) -> None:
        self._looks += 1
        alive, total = set[Key](), 0.0
        for name, server in list(self._arena.servers.items()):
            for process in _tree(server.pid) if server.is_running else ():
                with suppress(psutil.Error, OSError):
                    key = Key(name, process.pid, _title(process))
                    self._memory[key].append(process.memory_info().rss / 1e6)
                    total += _share_mb(process.pid)
                    alive.add(key)
        self._total.append(total)
        for key in self._memory.keys() - alive:
            if not self._lived_long(self._memory[key]):
                del self._memory[key]

    def _look_at_tables(self) -> None:
        for table in TABLES:
            for (count,) in self._arena.rows(sa.select(sa.func.count()).select_from(table)):
                self._rows[table.name].append(count)
        size = sa.func.pg_total_relation_size(sa.bindparam("name", type_=sa.Text()))
        for table in TABLES:
            for (size_b,) in self._arena.rows(sa.select(size).params(name=table.name)):
                self._megabytes[table.name].append(size_b / 1e6)

    def _lived_long(self, samples: Sequence[float]) -> bool:
        return len(samples) > self._looks / 2

    def memory(self) -> dict[Key, Thirds]:
        """Return what processes took that lived for more than half of the time."""
        return {
            key: thirds(samples)
            for key, samples in sorted(self._memory.items())
            if samples and self._lived_long(samples)
        }

    def swollen(self) -> list[str]:
        """Return in words what grew more than it may: memory of processes, and tables that retention bounds."""
        if self._looks < _ENOUGH:
            return []
        bounded = {table.name for table in OF_RUNS}
        rows = {name: thirds(samples) for name, samples in self._rows.items() if name in bounded}
        return [
            *(
                f"{key} grew from {found.middle:.0f} to {found.end:.0f} MB"
                for key, found in self.memory().items()
                if found.grew(ALLOWED_GROWTH, ALLOWED_MB)
            ),
            *(
                f"{name} grew from {found.middle:.0f} to {found.end:.0f} rows"
                for name, found in rows.items()
                if found.grew(ALLOWED_MORE_ROWS, ALLOWED_ROWS)
            ),
        ]

    def described(self) -> str:
        """Return what was seen, a line each: at the beginning, in the middle and in the last third, and at most."""
        return "\n".join(
            [
                "  memory in MB (resident): begin, middle third, last third, most",
                *_lines(self.memory(), "{:.1f}".format),
                "  memory of all in MB (their shares): begin, middle third, last third, most",
                *_lines({"all": thirds(self._total)} if self._total else {}, "{:.0f}".format),
                "  rows: begin, middle third, last third, most",
                *_lines({name: thirds(samples) for name, samples in self._rows.items()}, "{:.0f}".format),
                "  tables with indexes in MB: begin, middle third, last third, most",
                *_lines(
                    {name: thirds(samples) for name, samples in self._megabytes.items()}, "{:.1f}".format
                ),
            ]
        )


def _lines(found: Mapping[Key, Thirds] | Mapping[str, Thirds], form: Callable[[float], str]) -> list[str]:
    return [f"    {name}: {', '.join(form(number) for number in each)}" for name, each in found.items()]


def _tree(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _title(process: psutil.Process) -> str:
    """Return what a process calls itself, in a few words; nothing of a server, which has its name."""
    words = " ".join(process.cmdline())
    return words[:60] if words.startswith("dirigent") else ""


def _share_mb(pid: int) -> float:
    """Return what a process holds alone, and its share of the rest."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1e3
