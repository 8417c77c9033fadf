"""What a process tells a collector, where one is set."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scheduler.errors import BadSetting
from scheduler.metrics.instruments import Meter

if TYPE_CHECKING:
    from scheduler.clock import Clock
    from scheduler.security.secret_key import SecretKey
    from scheduler.store.engine import Database
    from scheduler.tracing.collector import Collected
    from scheduler.tracing.traces import Traces


class TracingMeter(Meter):
    """Counts what a database does, and tells traces of what was committed."""

    def __init__(self, traces: Traces) -> None:
        super().__init__()
        self._traces = traces

    def gathered(self, items: Sequence[Any]) -> None:
        """Take note of events that were committed."""
        super().gathered(items)
        self._traces.heard(items)

    def ended(self, attempt_ids: Sequence[int]) -> None:
        """Take note of attempts that have ended."""
        self._traces.heard_of(attempt_ids)


def open_collector(url: str | None, db: Database, secret: SecretKey, clock: Clock) -> Collected | None:
    """Return what tells the collector at `otlp_url` of what happens here, None where none is set.

    It hears of what the database commits from now on. Raises BadSetting where OpenTelemetry is not installed.
    """
    if url is None:
        return None
    try:
        # Not imported above: it takes longer than a command.
        module: Any = import_module("scheduler.tracing.collector")
    except ImportError as error:
        remedy = f"it needs OpenTelemetry ({error}): pip install 'dirigent[otel]'"
        raise BadSetting("DIRIGENT_OTLP_URL", url, remedy) from None
    collected: Collected = module.open_collector(db, url, secret.keys[0].encode(), clock)
    db.observer = TracingMeter(collected.traces)
    return collected
