"""Scheduler and worker in one process."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack

from scheduler.cli.compose.house import House
from scheduler.cli.compose.schedulers import SchedulerSide, effects_of
from scheduler.cli.compose.workers import WorkerSide
from scheduler.config import default_slots
from scheduler.core.scaling import Span
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.tickets import CeleryPublish, create_celery
from scheduler.loop.handing_on import hand_on_beside
from scheduler.store.leases import expire_worker


class EmbeddedServer:
    """Scheduler, worker and parser in one process, over the in-process broker. The page is added by the command."""

    def __init__(self, house: House, environ: Mapping[str, str]) -> None:
        self._house = house
        # The same at each start on this home, so that a restart knows which attempts it has lost.
        self._worker_id = f"up:{socket.gethostname()}:{house.settings.home}"
        celery = create_celery(house.settings)
        self._publish = CeleryPublish(celery, house.vitals)
        self._doorbells = Doorbells(celery, ["default"], lambda queue: self._side.worker.ring(queue))
        self._side = WorkerSide(
            house,
            self._publish,
            self._doorbells,
            worker_id=self._worker_id,
            queues=["default"],
            slots=Span.of(house.settings.parallelism or default_slots()),
            environ=environ,
            copies_logs=False,
            successors=hand_on_beside(
                house.graphs,
                lambda: self._scheduler.leads,
                effects_of(house),
            ),
        )
        self._scheduler = SchedulerSide(house, self._publish, self._side.supervisor, environ)
        self._parts = ExitStack()

    def start(self) -> None:
        """Start; what the server before this one left running is dead, as the home folder's lock is ours."""
        self._house.db.transact(lambda session: expire_worker(session, self._worker_id))
        self._parts.callback(self._publish.close)
        self._side.start()
        self._parts.callback(self._side.close)
        self._scheduler.start()
        self._parts.callback(self._scheduler.close)

    def watch(self) -> None:
        """Look after what may hang; to be called now and then."""
        self._side.watch()

    def close(self) -> None:
        """Stop in the opposite order."""
        self._parts.close()
