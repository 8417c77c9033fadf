"""Graphs by version, read once: the tasks of a version never change.

Its dates, defaults and texts may (`store.versions.store_versions`), so in these a cached graph may be behind.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from scheduler.core.graph import TaskGraph
from scheduler.store.engine import Session
from scheduler.store.versions import load_graph

#: Tasks of all graphs together: thousands of small DAGs are kept, and not as many large ones.
DEFAULT_SIZE = 50_000


class GraphCache:
    """The graphs that were used last. Safe to share between threads."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._size = size
        self._task_count = 0
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
            self._keep(version_id, graph)
        return graph

    def _keep(self, version_id: int, graph: TaskGraph) -> None:
        """Add a graph, and forget those used longest ago while there are too many tasks."""
        before = self._graphs.pop(version_id, None)
        self._graphs[version_id] = graph
        self._task_count += len(graph.tasks) - (len(before.tasks) if before else 0)
        while self._task_count > self._size and len(self._graphs) > 1:
            _, forgotten = self._graphs.popitem(last=False)
            self._task_count -= len(forgotten.tasks)
