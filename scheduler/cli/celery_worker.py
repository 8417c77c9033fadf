"""The worker inside a process that `celery -A scheduler.dispatch worker` started."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection
from pathlib import Path
from secrets import token_hex

from scheduler.cli.compose import House, WorkerSide, open_house
from scheduler.cli.servers import pruner_of, refuse_inproc
from scheduler.config import load_settings
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.tickets import CeleryApp, CeleryPublish, check_broker
from scheduler.runtime import kernel


class HostedWorker:
    """A worker that starts and ends with Celery's."""

    def __init__(
        self, house: House, celery: CeleryApp, doorbells: Doorbells, *, queues: Collection[str], slots: int
    ) -> None:
        self._house = house
        self._publish = CeleryPublish(celery)
        self._pruner = pruner_of(house)
        self._side = WorkerSide(
            house,
            self._publish,
            doorbells,
            worker_id=f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}",
            queues=queues,
            slots=slots,
            environ=os.environ,
            copies_logs=True,
        )

    def ring(self, queue: str) -> None:
        """Take a ticket."""
        self._side.worker.ring(queue)

    def start(self) -> None:
        """Begin to claim."""
        self._side.start()
        self._pruner.start()

    def close(self) -> None:
        """Hand back what runs, and stop."""
        self._pruner.close()
        self._side.close()
        self._publish.close()
        self._house.db.close()


def build_worker(
    celery: CeleryApp, doorbells: Doorbells, *, queues: Collection[str], slots: int
) -> HostedWorker:
    """Build the worker. Raises BadSetting, BrokerUnavailable, DatabaseUnavailable."""
    kernel.keep_to_itself()
    settings = load_settings(os.environ, Path.cwd())
    refuse_inproc(settings)
    check_broker(celery)
    return HostedWorker(open_house(settings), celery, doorbells, queues=queues, slots=slots)
