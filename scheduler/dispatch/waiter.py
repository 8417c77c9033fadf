"""The waits of a worker: taken from the database, watched by its waiters, and ended there, many at a time.

A thread of its own: what plain tasks need costs nothing of it. It holds no lease but the worker's own; a worker that
dies loses its waits with that, and other workers take them up.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from scheduler.clock import Clock
from scheduler.dispatch.asset_watching import AssetWatching
from scheduler.dispatch.code_at_hand import KEPT_ROOTS
from scheduler.dispatch.hands import Watching
from scheduler.dispatch.wait_endings import refused, resume_of
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import DatabaseUnavailable, DirigentError
from scheduler.runtime.waits import Wait, Waited
from scheduler.store.engine import Database, Mark, Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.transaction import keep_quiet
from scheduler.store.waits import (
    Ended,
    WaitRow,
    claim_waits,
    delete_waits,
    free_waits,
    gone_watchers,
    has_unwatched,
    note_said,
    release_waits,
    resume_tasks,
    watched,
)
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

#: Waits taken or ended in one transaction.
BATCH: Final = 500
#: Waits that one worker watches at most.
MOST: Final = 50_000
#: How often it looks for waits that nobody watches, in seconds, where no deferral of its own worker calls it.
POLL_S: Final = 1.0
#: A trigger that has not ended so long after its time was up holds its task no longer: it does not let itself be ended.
OVERDUE: Final = timedelta(seconds=30)
#: Triggers below it need no code of a DAG folder.
_OWN: Final = "scheduler.triggers."


class Waiter:
    """Claims waits, has them watched, and lets their tasks go on. `ended`, `said` and `ring` may be called anywhere."""

    def __init__(
        self,
        db: Database,
        plan: WorkerPlan,
        *,
        clock: Clock,
        graphs: GraphCache,
        watching: Callable[[], Watching],
        code_root: Callable[[Session, int], Path],
        vitals: Vitals | None = None,
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._graphs = graphs
        self._watching = watching
        self._code_root = code_root
        self._pulse = (vitals or Vitals()).watch("waiter", POLL_S)
        self._held: dict[int, WaitRow] = {}
        self._codes: dict[tuple[int, int], tuple[str, str]] = {}
        self._lock = Lock()
        self._ended: list[Waited] = []
        self._said: defaultdict[int, list[str]] = defaultdict(list)
        self._signal = Event()
        self._stopping = Event()
        self._idle_mark: Mark | None = None
        self._looked_at = clock.monotonic() - plan.heartbeat_s
        self._assets = AssetWatching(db, plan, clock, watching, self._code_of)
        self._thread = Thread(target=self._run, name="waiter", daemon=True)

    def start(self) -> None:
        """Begin to watch; what an earlier worker of this id watched is taken up anew."""
        self._db.transact(self._release)
        self._thread.start()

    def close(self) -> None:
        """Watch nothing any more, and leave the waits to others. The waiters must be gone, or go with this process."""
        self._stopping.set()
        self._signal.set()
        self._thread.join(POLL_S * 5)
        if self._thread.is_alive():
            return
        try:
            self._db.transact(self._release)
        except DirigentError as error:
            log.warning("waiter: %s", error)

    def _release(self, session: Session) -> None:
        release_waits(session, [self._plan.worker_id])
        self._assets.release(session)

    def ring(self) -> None:
        """Look for waits now: a task was deferred."""
        self._idle_mark = None
        self._signal.set()

    def ended(self, waits: Sequence[Waited]) -> None:
        """Take waits that ended."""
        with self._lock:
            self._ended += waits
        self._signal.set()

    def said(self, lines: Mapping[int, Sequence[str]]) -> None:
        """Take lines that triggers logged."""
        with self._lock:
            for wait_id, texts in lines.items():
                self._said[wait_id] += texts
        self._signal.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._signal.wait(POLL_S)
            self._signal.clear()
            self._pulse.turn()
            try:
                self._step()
                self._pulse.beat()
            except DirigentError as error:
                log.warning("waiter: %s", error)
            except Exception:
                log.exception("waiter: a step failed")

    def _step(self) -> None:
        self._report()
        if self._clock.monotonic() - self._looked_at >= self._plan.heartbeat_s:
            self._look_after()
        while self._finds_waits():
            if self._claim() < BATCH:
                break

    # --- what ended -------------------------------------------------------------------------------------------

    def _report(self) -> None:
        """Write what triggers said and how waits ended; told again where the database cannot be reached."""
        with self._lock:
            told, self._ended = self._ended, []
            said, self._said = self._said, defaultdict(list)
        ended = [each for each in told if each.id > 0]
        try:
            while ended or said:
                self._report_batch(ended[:BATCH], said)
                ended, said = ended[BATCH:], defaultdict(list)
        except DatabaseUnavailable:
            with self._lock:
                self._ended[:0] = ended
                for wait_id, lines in said.items():
                    self._said[wait_id][:0] = lines
            raise
        finally:
            self._assets.take([each for each in told if each.id < 0])

    def _report_batch(self, batch: Sequence[Waited], said: Mapping[int, Sequence[str]]) -> None:
        """Write a batch; where the database refuses something of it, one by one, so that the others go on."""
        try:
            self._db.transact(partial(self._write, batch=batch, said=said))
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("waiter: how waits ended cannot be recorded together")
            for each in batch:
                _ = self._is_written(each) or self._is_written(refused(each))
        for each in batch:
            self._held.pop(each.id, None)

    def _is_written(self, waited: Waited) -> bool:
        """Write how one wait ended; false where the database refuses it. What is not written is watched anew."""
        try:
            self._db.transact(partial(self._write, batch=[waited], said={}))
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("waiter: the end of wait %s cannot be recorded as it is", waited.id)
            return False
        return True

    def _write(self, session: Session, batch: Sequence[Waited], said: Mapping[int, Sequence[str]]) -> None:
        note_said(session, {key: lines for key, lines in said.items() if key in self._held})
        ended = [
            Ended(each.id, self._held[each.id].run_pk, resume_of(each, self._plan.hostname))
            for each in batch
            if each.id in self._held
        ]
        if ended:
            resume_tasks(session, self._clock.now(), self._plan.worker_id, ended)

    # --- whose waits these are --------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Let go of waits whose tasks wait no longer, and free those of workers that are gone."""
        self._looked_at = self._clock.monotonic()
        self._assets.look_after()
        self._end_overdue()
        with self._db.read() as session:
            mine = watched(session, self._plan.worker_id)
            gone = gone_watchers(session) - {self._plan.worker_id}
        over = [wait_id for wait_id, is_deferred in mine.items() if not is_deferred]
        lost = self._held.keys() - mine.keys()
        # Claimed by a commit whose answer never came.
        unknown = mine.keys() - self._held.keys() - set(over)
        if over or lost:
            self._watching().unwatch([*over, *lost])
            for wait_id in (*over, *lost):
                self._held.pop(wait_id, None)
        if over or gone or unknown:
            self._db.transact(partial(self._tidy, over=over, gone=gone, unknown=unknown))
            self._idle_mark = None

    def _end_overdue(self) -> None:
        late = self._clock.now() - OVERDUE
        ids = [row.id for row in self._held.values() if row.timeout_at is not None and row.timeout_at < late]
        if ids:
            log.warning(
                "waiter: %d triggers go on though their time is up; their tasks go on without", len(ids)
            )
            self._watching().unwatch(ids)
            self.ended([Waited(id=each, kind="timeout") for each in ids])

    def _tidy(
        self, session: Session, over: Collection[int], gone: Collection[str], unknown: Collection[int]
    ) -> None:
        keep_quiet(session)
        delete_waits(session, over)
        release_waits(session, gone)
        free_waits(session, self._plan.worker_id, unknown)

    def _finds_waits(self) -> bool:
        """Look whether nobody watches some wait, unless nobody has written since there was none."""
        mark = self._db.mark()
        if len(self._held) >= MOST or (mark is not None and mark == self._idle_mark):
            return False
        with self._db.read() as session:
            found = has_unwatched(session, self._plan.queues)
        self._idle_mark = None if found else mark
        return found

    def _claim(self) -> int:
        """Take waits and have them watched; return how many."""
        plan = self._plan
        taken: list[WaitRow] = self._db.transact(
            lambda session: claim_waits(session, worker_id=plan.worker_id, queues=plan.queues, limit=BATCH)
        )
        self._held |= {row.id: row for row in taken}
        found: list[Wait] = []
        for row in taken:
            try:
                found.append(self._wait_of(row))
            except (OSError, DirigentError) as error:
                self.ended([Waited(id=row.id, kind="error", error=f"its code is not to be had: {error}")])
        if found:
            self._watching().watch(found)
        return len(taken)

    def _wait_of(self, row: WaitRow) -> Wait:
        root, file = self._code_of(row.trigger, row.snapshot_id, row.version_id)
        return Wait(
            id=row.id,
            trigger=row.trigger,
            kwargs=row.kwargs,
            secrets=tuple(row.secrets or ()),
            code_root=root,
            file=file,
            timeout_at=row.timeout_at.isoformat() if row.timeout_at else None,
            name=f"{row.task_id}, run {row.run_id} of {row.dag_id}",
        )

    def _code_of(self, trigger: str, snapshot_id: int, version_id: int) -> tuple[str, str]:
        """Return the folder with the code that a trigger needs, and the DAG file in it; brought to this host once."""
        if trigger.startswith(_OWN):
            return "", ""
        key = snapshot_id, version_id
        if key not in self._codes:
            with self._db.read() as session:
                file = self._graphs.get(session, version_id).spec.file
                self._codes[key] = str(self._code_root(session, snapshot_id)), file
        while len(self._codes) > KEPT_ROOTS:
            del self._codes[next(iter(self._codes))]
        return self._codes[key]
