"""How much memory servers take and how large tables grow, sampled while a soak goes on."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Thread

import psutil
import sqlalchemy as sa

from scheduler.store import tables as t
from tests.chaos.arena import Arena

TABLES = (t.dag_run, t.task_instance, t.attempt, t.event, t.log_chunk, t.worker, t.outbox)
#: A process that came to rest may still grow by so much: caches fill, and allocators round up.
ALLOWED_GROWTH = 0.15
ALLOWED_MB = 8.0


class Gauge:
    """Samples every few seconds, in a thread, until it is closed."""

    def __init__(self, arena: Arena, every_s: float = 5.0) -> None:
        self._arena = arena
        self._every_s = every_s
        self._began = time.monotonic()
        self._closing = Event()
        self._memory: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self.rows: list[Mapping[str, int]] = []
        self._thread = Thread(target=self._run, name="gauge", daemon=True)

    def __enter__(self) -> Gauge:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            for name, server in list(self._arena.servers.items()):
                if server.is_running:
                    self._memory[name, server.pid].append(_megabytes(server.pid))
            self.rows.append(self._count_rows())

    def _count_rows(self) -> Mapping[str, int]:
        return {
            table.name: found[0][0]
            for table in TABLES
            if (found := self._arena.rows(sa.select(sa.func.count()).select_from(table)))
        }

    def growth(self) -> dict[str, tuple[float, float]]:
        """Return what processes that lived long took after a third of their samples, and at the end."""
        longest = max((len(samples) for samples in self._memory.values()), default=0)
        return {
            f"{name} ({pid})": (_mean(samples[len(samples) // 3 :][:3]), _mean(samples[-3:]))
            for (name, pid), samples in self._memory.items()
            if len(samples) > 6 and len(samples) > longest / 2
        }

    def swollen(self) -> list[str]:
        """Return the processes that grew more than they may, in words."""
        return [
            f"{name} grew from {before:.0f} to {after:.0f} MB"
            for name, (before, after) in self.growth().items()
            if after > before * (1 + ALLOWED_GROWTH) + ALLOWED_MB
        ]

    def described(self) -> str:
        """Return what was seen: memory of processes that lived long, and rows of tables, first, middle and last."""
        lines = [
            f"  {name}: {before:.0f} MB, at the end {after:.0f} MB"
            for name, (before, after) in sorted(self.growth().items())
        ]
        known = [sample for sample in self.rows if sample]
        if known:
            three = (known[0], known[len(known) // 2], known[-1])
            lines += [
                f"  rows of {table.name}: {', '.join(str(rows.get(table.name, '?')) for rows in three)}"
                for table in TABLES
            ]
        return "\n".join(lines)


def _megabytes(pid: int) -> float:
    """Return what a process and its children hold alone, and their share of the rest."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += each.memory_full_info().pss
    return total / 1e6


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)
