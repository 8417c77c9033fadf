"""Two hundred open pages while 50 events a second happen: what their questions take, and what the server takes."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

import psutil
import sqlalchemy as sa

from benchmarks.figures import Figure, percentile, show
from benchmarks.served import Served
from scheduler.clock import SystemClock
from scheduler.store import Database
from scheduler.store.tables import dag_run, event, task_instance
from scheduler.store.transaction import request_wake

PAGES = 200
EVENTS_S = 50
#: Of these nothing is kept.
WARM_UP_S = 15.0
MEASURED_S = 60.0
#: As the script of the pages rests after an answer (`poll.ts`).
LEAST_S, MOST_S, TIMES = 0.25, 5.0, 8
CLOCK = SystemClock()


@dataclass
class Seen:
    """What the pages together saw."""

    asked_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    #: When the newest event was committed.
    happened_at: float = 0.0
    is_measured: bool = False


class OpenPage:
    """One page: its stream, and its questions on a connection that is kept."""

    def __init__(self, server: Served, path: str, seen: Seen) -> None:
        parts = urlsplit(server.address)
        self._host, self._port, self._cookie = parts.hostname, parts.port, server.cookie
        found = re.match(r"/dags/([^/]+)(?:/runs/([^/?]+))?", path)
        names = [
            f"{key}={value}"
            for key, value in zip(("dag", "run"), found.groups() if found else (), strict=False)
            if value
        ]
        self._path, self._stream = path, "/ui/live?" + "&".join(names)
        self._seen = seen
        self._rung = asyncio.Event()
        self._tag = ""

    async def live(self) -> None:
        """Listen and ask until cancelled."""
        await asyncio.gather(self._listen(), self._ask_on())

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(self._request(self._stream, ""))
        try:
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    self._rung.set()
            self._seen.faults.append("a stream ended")
        finally:
            writer.close()

    async def _ask_on(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        while True:
            await self._rung.wait()
            self._rung.clear()
            try:
                took_s = await self._ask(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                # It had been quiet for long, and the server closed it.
                reader, writer = await asyncio.open_connection(self._host, self._port)
                took_s = await self._ask(reader, writer)
            await asyncio.sleep(max(LEAST_S, min(MOST_S, TIMES * took_s)))

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        happened_at, began = self._seen.happened_at, time.perf_counter()
        more = "X-Fragment: live\r\n" + (f"If-None-Match: {self._tag}\r\n" if self._tag else "")
        writer.write(self._request(self._path, more))
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if found := re.search(r"(?i)content-length: (\d+)", head):
            await reader.readexactly(int(found[1]))
        took_s = time.perf_counter() - began
        if found := re.search(r"(?i)etag: (.+)\r", head):
            self._tag = found[1]
        if head[9:12] not in ("200", "304"):
            self._seen.faults.append(head[:40])
        if self._seen.is_measured:
            self._seen.asked_ms.append(took_s * 1000)
            self._seen.late_ms.append((time.perf_counter() - happened_at) * 1000)
        return took_s

    def _request(self, path: str, more: str) -> bytes:
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nCookie: {self._cookie}\r\n{more}\r\n"
        )
        return head.encode()


@contextmanager
def happening(database: str, seen: Seen, every_s: float) -> Iterator[None]:
    """Have tasks of the newest runs come to another state, so often."""
    db, over = Database(database), Event()
    db.watch()
    with db.read() as session:
        runs = list(session.scalars(sa.select(dag_run.c.id).order_by(dag_run.c.id.desc()).limit(20)))
        tasks = session.execute(
            sa.select(task_instance.c.id, task_instance.c.run_pk)
            .where(task_instance.c.run_pk.in_(runs))
            .limit(500)
        ).all()

    def go() -> None:
        due = time.monotonic()
        while not over.wait(max(0.0, due - time.monotonic())):
            due += every_s
            one, state = random.choice(tasks), random.choice(["success", "failed", "running"])
            with db.write() as session:
                session.execute(
                    sa.update(task_instance).where(task_instance.c.id == one.id).values(state=state)
                )
                told = {"kind": "task.state", "run_pk": one.run_pk, "ti_id": one.id, "to_state": state}
                session.execute(sa.insert(event).values(at=CLOCK.now(), **told))
                request_wake(session)
            seen.happened_at = time.perf_counter()

    thread = Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        db.close()


def measure_open_pages(server: Served, database: str, paths: list[str], name: str) -> None:
    """Print what it takes; fail where a request took longer than a second, or a stream ended."""
    seen, process = Seen(), psutil.Process(server.pid)
    figures = asyncio.run(_watch(server, database, paths, seen, process))
    before, after, cpu = figures
    ordered = sorted(seen.asked_ms)
    if not ordered:
        print(f"{name}: NOT AS PROMISED: none of {PAGES} pages heard an event; {seen.faults[:3]}", flush=True)
        return
    show(Figure(f"{name}: {PAGES} pages, {EVENTS_S} events/s: request", ordered, "ms"))
    late, longest = percentile(ordered, 0.95), ordered[-1]
    print(f"  {len(ordered) / MEASURED_S:.0f} requests/s, p95 {late:.0f} ms, longest {longest:.0f} ms")
    print(
        f"  memory {before:.0f} MB, after {MEASURED_S:.0f} s {after:.0f} MB; CPU {cpu:.0%} of a core",
        flush=True,
    )
    if seen.faults or longest > 1000:
        print(f"  NOT AS PROMISED: longest {longest:.0f} ms; {seen.faults[:3]}", flush=True)


async def _watch(
    server: Served, database: str, paths: list[str], seen: Seen, process: psutil.Process
) -> tuple[float, float, float]:
    pages = [OpenPage(server, paths[at % len(paths)], seen) for at in range(PAGES)]
    tasks = [asyncio.create_task(page.live()) for page in pages]
    with happening(database, seen, 1 / EVENTS_S):
        await asyncio.sleep(WARM_UP_S)
        seen.is_measured = True
        before, began = process.memory_info().rss / 1e6, _cpu_s(process)
        await asyncio.sleep(MEASURED_S)
        after, ended = process.memory_info().rss / 1e6, _cpu_s(process)
    seen.is_measured = False
    for task in tasks:
        task.cancel()
    for each in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(each, asyncio.CancelledError):
            seen.faults.append(repr(each))
    return before, after, (ended - began) / MEASURED_S


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
