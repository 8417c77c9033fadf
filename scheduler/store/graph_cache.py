"""Graphs by version, read once: the tasks of a version never change.

Its dates, defaults and texts may (`store.versions.store_versions`), so in these a cached graph may be behind.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from scheduler.core.graph import TaskGraph
from scheduler.store.engine import Session
from scheduler.store.versions import load_graph

DEFAULT_SIZE = 512


class GraphCache:
    """The graphs that were used last. Safe to share between threads."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._size = size
        self._graphs: OrderedDict[int, TaskGraph] = OrderedDict()
        self._lock = Lock()

    def known(self, version_id: int) -> TaskGraph | None:
        """Return the graph of a version where it is at hand."""
        with self._lock:
            return self._graphs.get(version_id)

    def get(self, session: Session, version_id: int) -> TaskGraph:
        """Return the graph of a version. Raises NotFound where there is no such version."""
        with self._lock:
            graph = self._graphs.get(version_id)
            if graph is not None:
                self._graphs.move_to_end(version_id)
                return graph
        graph = TaskGraph(load_graph(session, version_id))
        with self._lock:
            self._graphs[version_id] = graph
            while len(self._graphs) > self._size:
                self._graphs.popitem(last=False)
        return graph
