"""The gauges that are read when somebody asks: of the database, kept for some seconds, and of this process's parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from threading import Lock
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from scheduler.clock import Clock
from scheduler.errors import DatabaseUnavailable
from scheduler.metrics import instruments, state
from scheduler.metrics.catalogue import Described
from scheduler.store.engine import Database
from scheduler.store.views.load import Load, QueueLoad, read_load
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

#: What was read serves everybody who asks within this time, in seconds.
KEPT_S: Final = 5.0

Sample = tuple[tuple[str, ...], float]


class LoadReader:
    """Reads the load of the database, at most once in `KEPT_S`; those who ask meanwhile get the same."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._lock = Lock()
        self._read_at = clock.monotonic() - KEPT_S
        self._load: Load | None = None
        self.took_s = 0.0

    def read(self) -> Load:
        """Return it. Raises DatabaseUnavailable."""
        with self._lock:
            now = self._clock.monotonic()
            if self._load is None or now - self._read_at >= KEPT_S:
                with self._db.read() as session:
                    self._load = read_load(session)
                self._read_at = self._clock.monotonic()
                self.took_s = self._read_at - now
            return self._load


class StateCollector(Collector):
    """Gives the gauges of the database; none of them where it does not answer."""

    def __init__(self, reader: LoadReader) -> None:
        self._reader = reader

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read and give them."""
        try:
            load = self._reader.read()
        except DatabaseUnavailable as error:
            instruments.SCRAPE_ERRORS.inc()
            log.warning("metrics: %s", error)
            return
        for described, samples in gauges_of(load).items():
            yield family(described, samples)
        yield family(state.READ_AT, [((), self._reader.took_s)])


class VitalsCollector(Collector):
    """Gives how the parts of this process do."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask the pulses."""
        parts = self._vitals.parts()
        yield family(state.PROGRESS_AGE, [((part.name,), part.silent_s) for part in parts])
        yield family(state.PROGRESS_LATE, [((part.name,), part.is_late) for part in parts])


def family(described: Described, samples: Iterable[Sample]) -> GaugeMetricFamily:
    """Return a gauge with its samples."""
    made = GaugeMetricFamily(described.name, described.meaning, labels=described.labels)
    for labels, value in samples:
        made.add_metric(labels, value)
    return made


def gauges_of(load: Load) -> Mapping[Described, list[Sample]]:
    """Return the samples of each gauge of the database."""
    return {
        state.TASKS: _by(load.tasks),
        state.RUNS: _by(load.runs),
        state.DAGS: _by({"active": load.active_dags, "paused": load.paused_dags}),
        state.IMPORT_ERRORS: [((), load.import_errors)],
        **{
            gauge: _by({name: of(each) for name, each in load.queues.items()})
            for gauge, of in _QUEUES.items()
        },
        state.WORKERS: [((), len(load.workers))],
        state.WORKER_SLOTS: [((each.id, each.hostname), each.slots) for each in load.workers],
        state.WORKER_BUSY: [((each.id, each.hostname), each.busy) for each in load.workers],
        state.POOL_SLOTS: _by({name: pool.slots for name, pool in load.pools.items()}),
        state.POOL_USED: _by({name: pool.used for name, pool in load.pools.items()}),
        state.POOL_OPEN: _by({name: max(0, pool.slots - pool.used) for name, pool in load.pools.items()}),
        state.HAS_LEADER: [((), load.has_leader)],
        state.MESSAGES: [((), load.unsent_messages)],
    }


_QUEUES: Final[Mapping[Described, Callable[[QueueLoad], float]]] = {
    state.QUEUE_WAITING: lambda each: each.waiting,
    state.QUEUE_QUEUED: lambda each: each.queued,
    state.QUEUE_SCHEDULED: lambda each: each.scheduled,
    state.QUEUE_RUNNING: lambda each: each.running,
    state.QUEUE_OLDEST: lambda each: each.oldest_s,
    state.QUEUE_SLOTS: lambda each: each.slots,
    state.QUEUE_DESIRED: lambda each: each.desired_slots,
}


def _by(values: Mapping[str, float]) -> list[Sample]:
    return [((name,), value) for name, value in values.items()]


def figures_of(load: Load) -> dict[str, Any]:
    """Return what an autoscaler asks for: of each queue, and of all together."""
    queues = {name: _figures(each) for name, each in load.queues.items()}
    names = ("waiting", "running", "desired_slots")
    return {
        "queues": queues,
        **{name: sum(each[name] for each in queues.values()) for name in names},
        "slots": sum(worker.slots for worker in load.workers),
        "workers": len(load.workers),
    }


def _figures(queue: QueueLoad) -> dict[str, Any]:
    shown = asdict(queue)
    shown["oldest_seconds"] = round(shown.pop("oldest_s"), 3)
    del shown["admissible"]
    return {"waiting": queue.waiting, **shown, "desired_slots": queue.desired_slots}
