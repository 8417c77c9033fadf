"""Two ways to keep tickets away from a full worker, measured: the figures of docs/decisions/001-tickets.md.

`stops`: a full worker cancels its consumer and puts back what was under way (what Dirigent does).
`late`: prefetch one, acknowledge late; a full worker's consumer waits with its ticket for a free slot.

Two workers are full, one is idle. Tickets go out one at a time; each is to be heard by the idle worker at once.
One that is not within a second is parked: its work waits though somebody is idle.

    python -m benchmarks tickets [--redis URL] [--amqp URL] [--count 200]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Protocol
from uuid import uuid4

from celery import Celery
from celery.worker import WorkController

from scheduler.config import load_settings
from scheduler.dispatch.doorbells import Doorbells, TicketPool
from scheduler.dispatch.tickets import RING, create_celery, publish_ticket, queue_of

PARKED_AFTER_S = 1.0
FULL_WORKERS = 2
Hear = Callable[[], None]


class Ear(Protocol):
    """A worker's consumer of tickets, by one of the ways."""

    def start(self) -> None:
        """Begin to consume; returns when the broker has accepted it."""

    def fill(self) -> None:
        """Be full from now on."""


class StoppingEar:
    """Stops consuming while it is full."""

    def __init__(self, celery: Celery, queue: str, hear: Hear) -> None:
        self._doorbells = Doorbells(celery, [queue], lambda _: hear())

    def start(self) -> None:
        """Begin to consume."""
        self._doorbells.start()
        self._doorbells.ready.wait()

    def fill(self) -> None:
        """Be full from now on."""
        self._doorbells.pause()


class LateEar:
    """Holds the one ticket it may hold until there is a free slot."""

    def __init__(self, celery: Celery, queue: str, hear: Hear) -> None:
        self._has_slot = Event()
        self._has_slot.set()
        self._ready = Event()
        celery.conf.update(task_acks_late=True, task_queues=[queue_of(queue)])

        def ring(_: str) -> None:
            self._has_slot.wait()
            hear()

        celery.task(name=RING, shared=False)(ring)
        self._celery = celery

    def start(self) -> None:
        """Begin to consume."""
        Thread(target=self._run, daemon=True).start()
        self._ready.wait()

    def _run(self) -> None:
        WorkController(
            app=self._celery,
            pool_cls=TicketPool,
            concurrency=1,
            ready_callback=lambda _: self._ready.set(),
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        ).start()

    def fill(self) -> None:
        """Be full from now on."""
        self._has_slot.clear()


EARS: dict[str, Callable[[Celery, str, Hear], Ear]] = {"stops": StoppingEar, "late": LateEar}


@dataclass
class Worker:
    """A worker as the measurement sees it: in this process, or in one of its own."""

    heard: Queue[float]
    fill: Callable[[], None]


@contextmanager
def worker_here(way: str, url: str, queue: str) -> Iterator[Worker]:
    """Run a worker in this process."""
    heard: Queue[float] = Queue()
    ear = EARS[way](celery_of(url), queue, lambda: heard.put(time.monotonic()))
    ear.start()
    yield Worker(heard, ear.fill)


@contextmanager
def worker_elsewhere(way: str, url: str, queue: str) -> Iterator[Worker]:
    """Run a worker in a process of its own."""
    heard: Queue[float] = Queue()
    command = [sys.executable, "-m", "benchmarks.tickets", "--worker", way, url, queue]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        assert stdout.readline() == "ready\n"

        def read() -> None:
            for line in stdout:
                heard.put(float(line))

        def fill() -> None:
            stdin.write("fill\n")
            stdin.flush()
            heard.get()

        Thread(target=read, daemon=True).start()
        yield Worker(heard, fill)
        process.kill()


def run_worker(way: str, url: str, queue: str) -> None:
    """Be the process of `worker_elsewhere`: obey lines, print an instant for each ticket."""

    def say(text: object) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    ear = EARS[way](celery_of(url), queue, lambda: say(time.monotonic()))
    ear.start()
    say("ready")
    for _ in sys.stdin:
        ear.fill()
        say(0.0)


def celery_of(url: str) -> Celery:
    """Build an app for a broker."""
    return create_celery(load_settings({"DIRIGENT_BROKER_URL": url}, Path("/")))


def measure(way: str, url: str, count: int) -> tuple[list[float], int]:
    """Return how long each ticket took to reach the idle worker, in ms, and how many were parked."""
    queue, celery = f"bench-{uuid4().hex[:8]}", celery_of(url)
    run = worker_here if url.startswith("inproc") else worker_elsewhere
    with ExitStack() as stack:
        full = [stack.enter_context(run(way, url, queue)) for _ in range(FULL_WORKERS)]
        idle = stack.enter_context(run(way, url, queue))
        for worker in full:
            worker.fill()
        took = [_ring(celery, queue, idle) for _ in range(count)]
    return [each for each in took if each is not None], took.count(None)


def _ring(celery: Celery, queue: str, idle: Worker) -> float | None:
    began = time.monotonic()
    publish_ticket(celery, queue)
    try:
        return (idle.heard.get(timeout=PARKED_AFTER_S) - began) * 1000
    except Empty:
        return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both ways on each broker."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--redis")
    parser.add_argument("--amqp")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--worker", nargs=3, metavar=("WAY", "URL", "QUEUE"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        run_worker(*options.worker)
        return
    brokers = {"in-process": "inproc://tickets", "Redis": options.redis, "RabbitMQ": options.amqp}
    print("| broker | way | heard by the idle worker: median | max | parked |\n|---|---|---|---|---|")
    for broker, url in brokers.items():
        for way in EARS:
            if url:
                took, parked = measure(way, url, options.count)
                middle, longest = statistics.median(took), max(took)
                print(
                    f"| {broker} | {way} | {middle:.1f} ms | {longest:.1f} ms | {parked} of {options.count} |"
                )


if __name__ == "__main__":
    main()
