"""The code of runs on this host: brought here once, and imported before the first attempt asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from scheduler.clock import Clock
from scheduler.core.graph import TaskGraph
from scheduler.dispatch.hands import Launcher
from scheduler.store.agenda import sources_in_demand
from scheduler.store.claims import Claimed
from scheduler.store.engine import Database, Mark, Session
from scheduler.store.graph_cache import GraphCache

#: An idle worker looks this often for code that will be asked for, this far ahead, for so many DAGs; where nothing was
#: written in between, as often as what comes due demands.
LOOK_AHEAD = timedelta(seconds=2)
LOOK_ANYWAY = timedelta(seconds=8)
DUE_SOON = timedelta(seconds=10)
MOST_WARMED = 16
#: Folders of snapshots that a worker remembers.
KEPT_ROOTS = 64


class CodeAtHand:
    """Knows where the code of each snapshot lies on this host, and has code warmed that will be asked for."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        graphs: GraphCache,
        launcher: Launcher,
        code_root: Callable[[Session, int], Path],
    ) -> None:
        self._db = db
        self._clock = clock
        self._graphs = graphs
        self._launcher = launcher
        self._code_root = code_root
        self._roots: dict[int, Path] = {}
        self._looked_at = clock.now() - timedelta(days=1)
        self._looked_mark: Mark | None = None

    def of(self, claim: Claimed) -> tuple[Path, TaskGraph]:
        """Return the folder with the code of an attempt, and its graph.

        Raises OSError where the code cannot be written here, DatabaseUnavailable where it cannot be fetched.
        """
        root, graph = self._roots.get(claim.snapshot_id), self._graphs.known(claim.version_id)
        if root is None or graph is None:
            with self._db.read() as session:
                root = self._root(session, claim.snapshot_id)
                graph = self._graphs.get(session, claim.version_id)
        return root, graph

    def look_ahead(self) -> None:
        """Have the code ready of DAGs that are new here or due soon: a first attempt then starts as fast as any."""
        now = self._clock.now()
        if now - self._looked_at < LOOK_AHEAD:
            return
        mark = self._db.mark()
        if mark is not None and mark == self._looked_mark and now - self._looked_at < LOOK_ANYWAY:
            return
        self._looked_mark = mark
        since, self._looked_at = self._looked_at, now
        with self._db.read() as session:
            wanted = sources_in_demand(session, since, now + DUE_SOON, MOST_WARMED)
            places = [(self._root(session, source.snapshot_id), source.file) for source in wanted]
        for root, file in places:
            self._launcher.warm(root, file)

    def _root(self, session: Session, snapshot_id: int) -> Path:
        """Bring the code of a snapshot to this host, once."""
        root = self._roots.pop(snapshot_id, None) or self._code_root(session, snapshot_id)
        self._roots[snapshot_id] = root
        while len(self._roots) > KEPT_ROOTS:
            del self._roots[next(iter(self._roots))]
        return root
