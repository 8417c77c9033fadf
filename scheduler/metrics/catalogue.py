"""The names of all metrics with their meaning, and the labels whose values are kept few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

Kind = Literal["counter", "gauge", "histogram"]

# A second series for each counter, of which Prometheus makes nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]

#: What processes of Dirigent say of themselves; not the library's global one.
REGISTRY: Final = CollectorRegistry()
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Described:
    """A metric as the docs name it."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()


#: Every metric, in the order of its declaration.
CATALOGUE: Final[dict[str, Described]] = {}


def describe(name: str, kind: Kind, meaning: str, labels: Sequence[str] = ()) -> Described:
    """Enter a metric into the catalogue."""
    entry = CATALOGUE[name] = Described(name, kind, meaning, tuple(labels))
    return entry


def counter(name: str, meaning: str, *labels: str) -> Counter:
    """Declare a counter; its name ends with _total."""
    describe(name, "counter", meaning, labels)
    return Counter(name, meaning, labels, registry=REGISTRY)


def gauge(name: str, meaning: str, *labels: str) -> Gauge:
    """Declare a gauge of this process."""
    describe(name, "gauge", meaning, labels)
    return Gauge(name, meaning, labels, registry=REGISTRY)


def histogram(name: str, meaning: str, *labels: str, buckets: Sequence[float]) -> Histogram:
    """Declare a histogram of seconds."""
    describe(name, "histogram", meaning, labels)
    return Histogram(name, meaning, labels, buckets=buckets, registry=REGISTRY)


class Few:
    """Keeps a label whose values others choose from growing without end: the first names count, the rest is `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()
        self._lock = Lock()

    def of(self, name: str) -> str:
        """Return the name, or `other` where there are too many already."""
        if name in self._known:
            return name
        with self._lock:
            if len(self._known) >= self._limit:
                return OTHER
            self._known.add(name)
        return name
