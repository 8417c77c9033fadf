"""What a process tells of itself, in words and figures; the page and the small endpoint serve it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.process_collector import ProcessCollector

from scheduler.clock import Clock
from scheduler.metrics import instruments
from scheduler.metrics.catalogue import REGISTRY
from scheduler.monitoring.collector import LoadReader, StateCollector, VitalsCollector, figures_of
from scheduler.store.engine import Database
from scheduler.vitals import Vitals

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Health:
    """An answer to a probe."""

    is_ok: bool
    body: dict[str, Any]


class Monitor:
    """Metrics, figures for autoscalers, and health of one process. `role`: up, web, scheduler or worker.

    With `tells_state` the metrics hold the gauges of the database: pages and schedulers tell them, workers do not.
    """

    def __init__(
        self, db: Database, clock: Clock, vitals: Vitals, *, role: str, version: str, tells_state: bool
    ) -> None:
        self._vitals = vitals
        self._reader = LoadReader(db, clock)
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(VitalsCollector(vitals))
        if tells_state:
            self._registry.register(StateCollector(self._reader))
        instruments.BUILD.labels(version, platform.python_version(), role).set(1)

    def metrics(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(REGISTRY) + generate_latest(self._registry)

    def scaling(self) -> dict[str, Any]:
        """Return what autoscalers ask for. Raises DatabaseUnavailable."""
        return figures_of(self._reader.read())

    def health(self) -> Health:
        """Tell whether every part makes progress, and which do not. Asks no database: it may hang."""
        parts = self._vitals.parts()
        is_ok = not any(part.is_late for part in parts)
        words = {part.name: part.words for part in parts}
        return Health(is_ok, {"status": "healthy" if is_ok else "unhealthy", "parts": words})

    def liveness(self) -> Health:
        """Tell whether to leave the process alone: its loops come round, though what they need may be away."""
        is_ok = self._vitals.is_alive
        return Health(is_ok, {"status": "alive" if is_ok else "hangs"})
