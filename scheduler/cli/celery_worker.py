"""The worker inside a process that `celery -A scheduler.dispatch worker` started."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

from scheduler.cli.compose.house import House, open_house
from scheduler.cli.compose.workers import WorkerServer
from scheduler.cli.parts.endpoint import monitor_of, serve_endpoint
from scheduler.cli.servers import pruner_of, refuse_inproc, stay
from scheduler.config import load_settings
from scheduler.core.scaling import Span
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.tickets import CeleryApp, check_broker
from scheduler.runtime import kernel


class HostedWorker:
    """A worker that starts and ends with Celery's, and what else the process needs."""

    def __init__(self, house: House, server: WorkerServer, parts: ExitStack) -> None:
        self._house = house
        self._server = server
        self._pruner = pruner_of(house)
        self._stop = Event()
        self._parts = parts
        self._looking_after = Thread(target=stay, args=(self._stop, house, server), name="watch", daemon=True)

    def ring(self, queue: str) -> None:
        """Take a ticket."""
        self._server.ring(queue)

    def start(self) -> None:
        """Begin to claim."""
        self._server.start()
        self._pruner.start()
        self._looking_after.start()

    def close(self) -> None:
        """Hand back what runs, and stop."""
        self._stop.set()
        self._pruner.close()
        self._server.close()
        self._parts.close()


def build_worker(
    celery: CeleryApp, doorbells: Doorbells, *, queues: Collection[str], slots: int
) -> HostedWorker:
    """Build the worker. Raises BadSetting, BrokerUnavailable, DatabaseUnavailable."""
    kernel.keep_to_itself()
    settings = load_settings(os.environ, Path.cwd())
    refuse_inproc(settings)
    check_broker(celery)
    house = open_house(settings)
    server = WorkerServer(house, celery, doorbells, queues=queues, slots=Span.of(slots), environ=os.environ)
    parts = ExitStack()
    house.keep_open(parts)
    serve_endpoint(parts, house, monitor_of(house, "worker"))
    return HostedWorker(house, server, parts)
