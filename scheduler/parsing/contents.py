"""Contents of the files in the DAG folder: read and hashed where a file changed, else remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from scheduler.parsing.scan import Scan, Trace, words
from scheduler.store.blobs import Blob, hash_bytes, pack_blob
from scheduler.store.snapshots import Entry

#: A file that changed this shortly before it was read may change again without a trace: the next look reads
#: it again.
_RACY: Final = timedelta(seconds=1)
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


class _Read(NamedTuple):
    path: str
    data: bytes
    known: _Known


class Contents:
    """What is known of the files as of the last look."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, _Known] = {}
        self._stored: set[str] = set()  #: hashes of contents that were seen in the database

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
        changed = [path for path, trace in scan.files.items() if self._is_changed(path, trace)]
        for batch in _batches(self._read_all(changed, scan, now)):
            self._keep(batch, missing, store)
            self._known |= {each.path: each.known for each in batch}

    def _keep(self, batch: Sequence[_Read], missing: Missing, store: Store) -> None:
        contents = {each.known.entry.hash: each.data for each in batch}
        unknown = [hash_ for hash_ in contents if hash_ not in self._stored]
        if unknown and (wanted := missing(unknown)):
            store([pack_blob(contents[hash_]) for hash_ in wanted])
        self._stored.update(unknown)

    def _is_changed(self, path: str, trace: Trace) -> bool:
        known = self._known.get(path)
        return known is None or not known.is_settled or known.trace != trace

    def _read_all(self, paths: Sequence[str], scan: Scan, now: datetime) -> Iterator[_Read]:
        for path in paths:
            self._known.pop(path, None)
            try:
                data = (self._root / path).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                scan.unreadable[path] = words(error)
                continue
            yield _Read(path, data, _known(path, data, scan.files[path], now))


def _known(path: str, data: bytes, trace: Trace, now: datetime) -> _Known:
    newest = max(trace.mtime_ns, trace.ctime_ns) / 1e9
    is_settled = newest < (now - _RACY).timestamp() and len(data) == trace.size
    entry = Entry(hash_bytes(data), len(data), 0o755 if trace.mode & 0o111 else 0o644)
    return _Known(trace, entry, path.endswith(".py") and may_declare_dags(data), is_settled)


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
