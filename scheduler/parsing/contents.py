"""Contents of the files in the DAG folder: read and hashed where a file changed, else remembered.

A large data file that changes again and again, such as a database that tasks write to, would fill the store
with its states: it is read at growing distances, up to an hour, and stands in snapshots as it was last read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from scheduler.parsing.plain import read_plain
from scheduler.parsing.scan import MAX_BYTES, Scan, Trace, words
from scheduler.store.blobs import Blob, hash_bytes, pack_blob
from scheduler.store.snapshots import Entry

#: A file that changed this shortly before it was read may change again without a trace: the next look reads
#: it again.
_RACY: Final = timedelta(seconds=1)
#: From this size on, a file that changes again and again is read less and less often.
_LARGE: Final = 1_000_000
_SHORTEST: Final = timedelta(seconds=10)
_LONGEST: Final = timedelta(hours=1)
_WORTH_TELLING: Final = timedelta(minutes=5)
#: Contents that are held at once, between being read and being stored.
_BATCH_BYTES: Final = 16_000_000
_BATCH_FILES: Final = 200

#: Tells which of these hashes are not stored yet.
Missing: TypeAlias = Callable[[Sequence[str]], set[str]]
Store: TypeAlias = Callable[[Sequence[Blob]], None]


class _Known(NamedTuple):
    trace: Trace
    entry: Entry
    declares: bool
    is_settled: bool
    read_at: datetime
    patience: timedelta  #: how long a change of a large file is let be

    def is_restless(self, now: datetime) -> bool:
        """Tell whether a change may wait."""
        is_large = self.entry.size > _LARGE and not self.declares
        return is_large and now - self.read_at < self.patience

    def patience_after(self, entry: Entry, now: datetime) -> timedelta:
        """Return the patience with a file that is read again: twice as long where it changed soon again."""
        if entry.hash == self.entry.hash:
            return self.patience
        return min(self.patience * 2, _LONGEST) if now - self.read_at < self.patience * 4 else _SHORTEST


class _Read(NamedTuple):
    path: str
    data: bytes
    known: _Known


class Contents:
    """What is known of the files as of the last look."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, _Known] = {}
        self._stored: set[str] = set()  #: hashes of these files' contents, which are in the database

    def move_to(self, root: Path) -> None:
        """Look into another folder from now on: nothing that is known of the one before says anything of it."""
        if root != self._root:
            self._root, self._known = root, {}

    @property
    def manifest(self) -> dict[str, Entry]:
        """The files by path."""
        return {path: known.entry for path, known in self._known.items()}

    @property
    def dag_files(self) -> frozenset[str]:
        """The files that may declare DAGs."""
        return frozenset(path for path, known in self._known.items() if known.declares)

    def update(self, scan: Scan, now: datetime, missing: Missing, store: Store) -> None:
        """Read what changed, hand over what is not stored yet, and forget what is gone.

        A file that cannot be read is added to the scan's `unreadable`; one that vanished meanwhile is left
        out.
        """
        self._known = {path: known for path, known in self._known.items() if path in scan.files}
        # What no file holds any more may be deleted there.
        self._stored = {known.entry.hash for known in self._known.values()}
        changed = [path for path, trace in scan.files.items() if self._is_changed(path, trace, now)]
        for batch in _batches(self._read_all(changed, scan, now)):
            self._keep(batch, missing, store)
            self._known |= {each.path: each.known for each in batch}
        scan.warnings += [
            _restless(path) for path, known in self._known.items() if known.patience > _WORTH_TELLING
        ]

    def _keep(self, batch: Sequence[_Read], missing: Missing, store: Store) -> None:
        contents = {each.known.entry.hash: each.data for each in batch}
        unknown = [hash_ for hash_ in contents if hash_ not in self._stored]
        if unknown and (wanted := missing(unknown)):
            store([pack_blob(contents[hash_]) for hash_ in wanted])
        self._stored.update(unknown)

    def forget(self, hashes: Collection[str]) -> None:
        """Have the files of these contents read and stored anew."""
        self._known = {path: known for path, known in self._known.items() if known.entry.hash not in hashes}

    def _is_changed(self, path: str, trace: Trace, now: datetime) -> bool:
        known = self._known.get(path)
        if known is None:
            return True
        return (not known.is_settled or known.trace != trace) and not known.is_restless(now)

    def _read_all(self, paths: Sequence[str], scan: Scan, now: datetime) -> Iterator[_Read]:
        for path in paths:
            before = self._known.pop(path, None)
            try:
                data = read_plain(self._root / path, MAX_BYTES)
            except FileNotFoundError:
                continue
            except OSError as error:
                scan.unreadable[path] = words(error)
                continue
            yield _Read(path, data, _known(path, data, scan.files[path], now, before))


def _known(path: str, data: bytes, trace: Trace, now: datetime, before: _Known | None) -> _Known:
    newest = max(trace.mtime_ns, trace.ctime_ns) / 1e9
    is_settled = newest < (now - _RACY).timestamp() and len(data) == trace.size
    entry = Entry(hash_bytes(data), len(data), 0o755 if trace.mode & 0o111 else 0o644)
    declares = path.endswith(".py") and may_declare_dags(data)
    patience = before.patience_after(entry, now) if before else _SHORTEST
    return _Known(trace, entry, declares, is_settled, now, patience)


def _restless(path: str) -> str:
    return (
        f"{path} changes again and again: runs see it as it was up to an hour ago. "
        "Name it in .dirigentignore, and keep what tasks write outside of the DAG folder."
    )


def may_declare_dags(data: bytes) -> bool:
    """Tell a DAG file by its words, without importing it: "dag" in any case, and "scheduler" or "airflow"."""
    return b"dag" in data.lower() and (b"scheduler" in data or b"airflow" in data)


def _batches(reads: Iterator[_Read]) -> Iterator[list[_Read]]:
    batch: list[_Read] = []
    size = 0
    for read in reads:
        batch.append(read)
        size += len(read.data)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
