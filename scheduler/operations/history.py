"""Delete what is old, by policy, in transactions so short that others get in between; archive it first where asked."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from hashlib import sha256
from itertools import groupby
from typing import Any, Final, Protocol

from scheduler.store.asset_history import delete_asset_events
from scheduler.store.engine import Database, Session
from scheduler.store.history import (
    FIRST,
    OldRun,
    count_tasks,
    crowded_dags,
    dag_ids_with_runs,
    delete_runless_events,
    delete_some,
    old_runs,
    run_names,
    surplus_runs,
)
from scheduler.store.history_rows import load_records
from scheduler.store.state_stores import delete_expired
from scheduler.store.transaction import keep_quiet

#: Runs that are read at once, archived in one file, and deleted in groups.
BATCH: Final = 200
#: Task instances of the runs that one file holds, and of those that go together; a larger run is alone in both.
TASKS_OF_FILE: Final = 20_000
TASKS_OF_GROUP: Final = 250
#: Rows that one transaction deletes: a few milliseconds.
ROWS: Final = 1_000
#: Others get in between two transactions, in seconds.
PAUSE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Policy:
    """How long history is kept. Runs that something still looks back at are kept in any case (`store.history`).

    `days` after their end runs go, where it is not 0; of each DAG no more than its newest `runs_per_dag`, where that is
    not 0. `days_of`: pattern of dag_ids -> days for these alone, 0 for ever; the first that fits counts.
    """

    days: float = 0
    runs_per_dag: int = 0
    days_of: tuple[tuple[str, float], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether everything is kept."""
        return not (self.days or self.runs_per_dag or any(days for _, days in self.days_of))

    def days_for(self, dag_id: str) -> float:
        """Return how many days runs of a DAG are kept; 0: for ever."""
        return next(self._own_days(dag_id), self.days)

    def keeps_all_of(self, dag_id: str) -> bool:
        """Tell whether all runs of a DAG are kept for ever, however many: a pattern says so."""
        return next(self._own_days(dag_id), None) == 0

    def _own_days(self, dag_id: str) -> Iterator[float]:
        return (days for pattern, days in self.days_of if fnmatchcase(dag_id, pattern))


class Archive(Protocol):
    """Keeps files."""

    def put(self, name: str, data: bytes) -> None:
        """Keep a file, in place of one of that name. Raises ArchiveUnavailable."""


class Values(Protocol):
    """Keeps the values of tasks that are too large for the database."""

    def drop(self, dag_id: str, run_id: str) -> None:
        """Delete those of a run; nothing happens where there are none. Raises ArchiveUnavailable."""


@dataclass(slots=True)
class Pruned:
    """What went, or would go."""

    runs: dict[str, int] = field(default_factory=dict)  #: by dag_id
    tasks: int = 0
    events: int = 0
    states: int = 0  #: what tasks kept, and what had expired
    files: int = 0

    def note(self, runs: Sequence[OldRun], tasks: int) -> None:
        """Count runs."""
        for run in runs:
            self.runs[run.dag_id] = self.runs.get(run.dag_id, 0) + 1
        self.tasks += tasks


@dataclass(frozen=True, slots=True)
class Pruner:
    """Deletes old history. `rest` waits so many seconds, and says whether it is to stop."""

    db: Database
    policy: Policy
    archive: Archive | None
    rest: Callable[[float], bool]
    values: Values | None = None

    def preview(self, now: datetime, dag_ids: Collection[str] = ()) -> Pruned:
        """Return what `prune` would delete, but for events of no run."""
        found, seen = Pruned(), set[int]()
        for batch in self._batches(now, dag_ids):
            new = [run for run in batch if run.id not in seen]
            seen.update(run.id for run in new)
            with self.db.read() as session:
                found.note(new, sum(count_tasks(session, [run.id for run in new]).values()))
        return found

    def prune(self, now: datetime, dag_ids: Collection[str] = ()) -> Pruned:
        """Delete what is old, of some DAGs where they are named. Broken off, it goes on when called again."""
        pruned = Pruned()
        for batch in self._batches(now, dag_ids):
            for of_file in self._files(batch):
                self._prune_file(of_file, pruned)
            if self.rest(PAUSE_S):
                return pruned
        if not dag_ids:
            pruned.states = self._in_parts(lambda session: delete_expired(session, now, ROWS))
        if self.policy.days and not dag_ids:
            before = now - timedelta(days=self.policy.days)
            pruned.events = self._in_parts(lambda session: delete_runless_events(session, before, ROWS))
            pruned.events += self._in_parts(lambda session: delete_asset_events(session, before, ROWS))
        return pruned

    def _batches(self, now: datetime, dag_ids: Collection[str]) -> Iterator[list[OldRun]]:
        with self.db.read() as session:
            known = dag_ids_with_runs(session)
        chosen = [each for each in known if each in dag_ids] if dag_ids else known
        for read in self._readings(now, known, chosen, is_all=not dag_ids):
            yield from self._read_on(read)

    def _readings(
        self, now: datetime, known: Collection[str], chosen: Collection[str], *, is_all: bool
    ) -> Iterator[Callable[..., list[OldRun]]]:
        policy = self.policy
        own = {dag_id: policy.days_for(dag_id) for dag_id in (known if policy.days_of else ())}
        own = {dag_id: days for dag_id, days in own.items() if days != policy.days}
        if policy.days:
            whose = {"but": own} if is_all else {"dag_ids": set(chosen) - own.keys()}
            if is_all or whose["dag_ids"]:
                yield partial(old_runs, before=now - timedelta(days=policy.days), **whose)
        for dag_id in sorted(own.keys() & set(chosen)):
            if own[dag_id]:
                yield partial(old_runs, before=now - timedelta(days=own[dag_id]), dag_ids=[dag_id])
        if policy.runs_per_dag:
            with self.db.read() as session:
                crowded = crowded_dags(session, policy.runs_per_dag)
            for dag_id in sorted(each for each in crowded & set(chosen) if not policy.keeps_all_of(each)):
                yield partial(surplus_runs, dag_id=dag_id, kept=policy.runs_per_dag)

    def _read_on(self, read: Callable[..., list[OldRun]]) -> Iterator[list[OldRun]]:
        """Read in batches, each from where the one before ended: what is kept is passed over once."""
        last = FIRST
        while True:
            with self.db.read() as session:
                batch = read(session, after=last, limit=BATCH)
            if batch:
                yield batch
            if len(batch) < BATCH:
                return
            last = batch[-1]

    def _files(self, batch: Sequence[OldRun]) -> Iterator[dict[OldRun, int]]:
        """Divide runs by the day on which they ended, and by their size."""
        with self.db.read() as session:
            sizes = count_tasks(session, [run.id for run in batch])
        for _, of_day in groupby(batch, lambda run: run.end_date.date()):
            yield from _portions({run: sizes.get(run.id, 0) for run in of_day}, TASKS_OF_FILE)

    def _prune_file(self, sizes: dict[OldRun, int], pruned: Pruned) -> None:
        if self.archive is not None:
            with self.db.read() as session:
                records = load_records(session, [run.id for run in sizes])
            data = _packed(records)
            self.archive.put(_name(list(sizes), data), data)
            pruned.files += 1
        for group in _portions(sizes, TASKS_OF_GROUP):
            names = self._names(group)
            if not self._delete(list(group)):
                return
            self._drop_values(names - self._names(group))
            pruned.note(list(group), sum(group.values()))

    def _names(self, runs: Collection[OldRun]) -> set[tuple[str, str]]:
        """Return the names of those that are there, if values of theirs may lie elsewhere."""
        if self.values is None:
            return set()
        with self.db.read() as session:
            return set(run_names(session, [run.id for run in runs]))

    def _drop_values(self, gone: Collection[tuple[str, str]]) -> None:
        """Delete what lies elsewhere of runs that are gone. One that somebody reran just then keeps its values."""
        if self.values is not None:
            for dag_id, run_id in gone:
                self.values.drop(dag_id, run_id)

    def _delete(self, runs: Sequence[OldRun]) -> bool:
        """Delete runs; false where it was broken off."""
        while not self.rest(PAUSE_S):
            if self.db.transact(lambda session: _delete_quietly(session, runs)):
                return True
        return False

    def _in_parts(self, delete: Callable[[Session], int]) -> int:
        total = 0
        while count := self.db.transact(delete):
            total += count
            if count < ROWS or self.rest(PAUSE_S):
                break
        return total


def _delete_quietly(session: Session, runs: Sequence[OldRun]) -> bool:
    keep_quiet(session)
    return delete_some(session, runs, ROWS)


def _portions(sizes: dict[OldRun, int], most: int) -> Iterator[dict[OldRun, int]]:
    """Divide runs into portions of at most so many tasks, and at least one run."""
    portion: dict[OldRun, int] = {}
    for run, size in sizes.items():
        if portion and sum(portion.values()) + size > most:
            yield portion
            portion = {}
        portion[run] = size
    if portion:
        yield portion


def _name(runs: Sequence[OldRun], data: bytes) -> str:
    """Name a file by the day on which its runs ended, and by what is in it.

    Done again it has the same name; what a deletion that was broken off has left of runs does not replace all of them.
    """
    keys = [run.id for run in runs]
    content = sha256(data).hexdigest()[:12]
    return f"{runs[0].end_date.date().isoformat()}/runs-{min(keys)}-{max(keys)}-{content}.jsonl.gz"


def _packed(records: Sequence[dict[str, Any]]) -> bytes:
    lines = (json.dumps(record, separators=(",", ":")) for record in records)
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
