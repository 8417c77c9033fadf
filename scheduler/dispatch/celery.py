"""`celery -A scheduler.dispatch worker`: a worker started the way Celery's users know.

It is built by the same composition as `dirigent worker`, which stands above this package and is therefore found by
name. `-Q dirigent.gpu` takes from queue gpu; `-c` is the number of slots.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from celery import signals

from scheduler.config import load_settings
from scheduler.dispatch.doorbells import REFUSED_POOL, HostedDoorbells
from scheduler.dispatch.tickets import QUEUE_PREFIX, create_celery, queue_of
from scheduler.errors import DirigentError

COMPOSITION: Final = "scheduler.cli.celery_worker"

REFUSED_SCALING: Final = (
    "Celery would scale its own pool, in which no attempt runs: use `dirigent worker --autoscale MAX,MIN`, "
    "or -c for slots that stay."
)

try:
    app = create_celery(load_settings(os.environ, Path.cwd()))
except DirigentError as error:
    raise SystemExit(f"dirigent: {error}") from None
app.conf.task_queues = [queue_of("default")]


def asks_for_processes(arguments: Sequence[str]) -> bool:
    """Tell whether a command line names the prefork pool, which Celery would tacitly take for its default."""
    words = " ".join(arguments)
    return re.search(r"(?<!\S)(-P ?|--pool[= ])(prefork|processes)(?!\S)", words) is not None


def asks_for_scaling(arguments: Sequence[str]) -> bool:
    """Tell whether a command line has Celery scale its pool, which runs no attempts here."""
    return any(word == "--autoscale" or word.startswith("--autoscale=") for word in arguments)


class _Hosted:
    """The worker that this process becomes, if it becomes one."""

    def __init__(self) -> None:
        self._worker: Any = None
        self._doorbells: HostedDoorbells | None = None

    def build(self, sender: Any, **_: Any) -> None:  # noqa: ANN401 - a WorkController, whose stubs lack what is asked
        """Build the worker for the queues and the concurrency of Celery's command line."""
        if asks_for_processes(sys.argv):
            raise SystemExit(REFUSED_POOL)
        if asks_for_scaling(sys.argv):
            raise SystemExit(REFUSED_SCALING)
        names = [name.removeprefix(QUEUE_PREFIX) for name in sender.app.amqp.queues.consume_from]
        self._doorbells = HostedDoorbells(app, names, lambda queue: self._worker.ring(queue))
        try:
            self._worker = import_module(COMPOSITION).build_worker(
                app, self._doorbells, queues=names, slots=sender.concurrency
            )
        except DirigentError as error:
            raise SystemExit(f"dirigent: {error}") from None

    def make_consumer(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - Celery asks for it
        """Build Celery's consumer once the worker is there; before that Celery only takes its address."""
        if self._doorbells is None:
            raise SystemExit("dirigent: no worker was built for this consumer")
        return self._doorbells.make_consumer(*args, **options)

    def start(self, **_: Any) -> None:
        """Begin to claim."""
        self._worker.start()

    def close(self, **_: Any) -> None:
        """Hand back what runs."""
        if self._worker is not None:
            self._worker.close()


_hosted: Final = _Hosted()
app.conf.worker_consumer = _hosted.make_consumer
signals.worker_init.connect(_hosted.build, weak=False)
signals.worker_ready.connect(_hosted.start, weak=False)
signals.worker_shutdown.connect(_hosted.close, weak=False)
