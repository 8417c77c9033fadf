"""The DAG folder, held against what is stored of it. No threads, no children: `DagFolder` has those."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from scheduler.errors import DirigentError, DuplicateDag
from scheduler.parsing.contents import Contents
from scheduler.parsing.freshness import content_of, is_fresh, load_revisions
from scheduler.parsing.materialize import write_tree
from scheduler.parsing.notes import differs, is_note, log_note, notes_of
from scheduler.parsing.places import Checkout, Place
from scheduler.parsing.register import Finding, Origin, Policy, declared, register
from scheduler.parsing.scan import ROOT, Scan, scan_folder
from scheduler.store.blobs import Blob, missing_blobs, store_blobs
from scheduler.store.dag_files import (
    FileRecord,
    count_files,
    forget_files,
    load_files,
    save_files,
)
from scheduler.store.dags import move_snapshot, owners, retire_dags
from scheduler.store.engine import Database, Session, Transact
from scheduler.store.plans import files_to_ask
from scheduler.store.snapshots import Manifest, store_snapshot
from scheduler.store.transaction import request_wake
from scheduler.wire import ParsedFile

log = logging.getLogger(__name__)

#: The error of a file that was not imported because the environment of its lock file could not be built: perhaps not
#: its fault, so it is tried again after this time, though nothing changed.
NOT_BUILT: Final = "NotBuilt"
_BUILT_AGAIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One file to parse, and what it is parsed from."""

    file: str
    code_root: Path
    origin: Origin
    has_failed_before: bool


class ContentsLost(DirigentError):
    """Contents of a new snapshot were deleted as unused while it was made; the next look stores them anew."""


class Ledger:
    """The records of all files, kept in memory between looks: one process at a time writes them."""

    def __init__(
        self, db: Database, place: Place, home: Path, policy: Policy, transact: Transact | None = None
    ) -> None:
        self._db = db
        self._transact = transact or db.transact
        self._place = place
        self._home = home
        self._policy = policy
        self._contents = Contents(home)
        self._records: dict[str, FileRecord] = {}
        self._origin = Origin(0, {}, {})
        self._wanted: set[str] = set()
        #: What files declare that were refused, because other files have it.
        self._refused: dict[str, frozenset[str]] = {}
        self._gone: dict[str, datetime] = {}
        self._dag_files: frozenset[str] = frozenset()

    # --- Looking --------------------------------------------------------------------------------------------

    def look(self, now: datetime) -> None:
        """See what changed: keep it as a snapshot, decide which files to parse and which are gone.

        Nothing is written where nothing changed. A DAG folder that cannot be read leaves everything in force.
        """
        found = self._place.checkout()
        if found is None:
            return
        self._contents.move_to(found.root)
        scan = scan_folder(found.root, self._home)
        with self._db.read() as session:
            revisions = {**load_revisions(session), **self._policy.provided}
            to_ask = files_to_ask(session, now)
            is_other = self._load_records(session) or revisions != self._origin.revisions
        if ROOT not in scan.unreadable:
            self._contents.update(scan, now, self._missing, self._store)
            if is_other or self._is_moved(found.version):
                self._compare(scan, Origin(0, self._contents.manifest, revisions, found.version), now)
            self._wanted |= {path for path in self._dag_files if self._may_be_built(path, now)}
            self._wanted |= {path for path in self._dag_files & to_ask if not self._has_failed(path)}
        self._take_notes(scan, found, now)

    def _may_be_built(self, path: str, now: datetime) -> bool:
        record = self._records.get(path)
        error = record.error if record else None
        return bool(record and error and error.type == NOT_BUILT and now - record.parsed_at >= _BUILT_AGAIN)

    def _is_moved(self, version: str | None) -> bool:
        return self._contents.manifest != self._origin.manifest or version != self._origin.bundle_version

    def _load_records(self, session: Session) -> bool:
        """Read the records where another hand wrote or deleted some: a DAG that was deleted comes back."""
        if count_files(session) == len(self._records):
            return False
        self._records = load_files(session)
        return True

    def _compare(self, scan: Scan, found: Origin, now: datetime) -> None:
        """Find the files to parse: new ones, changed ones, and with a new snapshot those that failed."""
        is_new = self._is_moved(found.bundle_version) or not self._origin.snapshot_id
        if is_new:
            self._keep_snapshot(found, now)
        self._origin = replace(self._origin, revisions=found.revisions)
        self._dag_files = self._contents.dag_files
        due = {path for path in self._dag_files if self._is_due(path, is_new)}
        self._wanted = due | (self._wanted & self._dag_files)
        self._note_gone(scan, now)

    def _keep_snapshot(self, origin: Origin, now: datetime) -> None:
        """Store the snapshot, and pin the next runs of all files that stand in it unchanged to it."""
        healthy = [path for path, record in self._records.items() if self._is_healthy(record, origin)]

        def write(session: Session) -> int:
            snapshot_id = store_snapshot(session, origin.manifest, now)
            self._refuse_lost(session, origin.manifest)
            move_snapshot(session, snapshot_id, healthy, origin.bundle_version)
            return snapshot_id

        self._origin = replace(origin, snapshot_id=self._transact(write))

    def _refuse_lost(self, session: Session, manifest: Manifest) -> None:
        """Look whether contents were deleted as unused since they were found stored; from here on they stay."""
        lost = missing_blobs(session, {entry.hash for entry in manifest.values()})
        if lost:
            self._contents.forget(lost)
            raise ContentsLost(f"{len(lost)} contents of the DAG folder were deleted meanwhile; look again.")

    def _is_healthy(self, record: FileRecord, origin: Origin) -> bool:
        return record.error is None and is_fresh(record, origin.manifest, origin.revisions)

    def _is_due(self, path: str, is_new_snapshot: bool) -> bool:
        record = self._records.get(path)
        if record is None or (record.error is not None and is_new_snapshot):
            return True
        return not is_fresh(record, self._origin.manifest, self._origin.revisions)

    def _missing(self, hashes: Sequence[str]) -> set[str]:
        with self._db.read() as session:
            return missing_blobs(session, hashes)

    def _store(self, blobs: Sequence[Blob]) -> None:
        self._transact(lambda session: store_blobs(session, blobs))

    # --- Parsing --------------------------------------------------------------------------------------------

    def assign(self, busy: Iterable[str]) -> list[Assignment]:
        """Take the files that are to be parsed and are not `busy`; those that failed before come last."""
        files = self._wanted.difference(busy)
        if not files:
            return []
        with self._db.read() as session:
            code_root = write_tree(session, self._origin.manifest, self._home)
        self._wanted -= files
        chosen = [Assignment(file, code_root, self._origin, self._has_failed(file)) for file in files]
        return sorted(chosen, key=lambda each: (each.has_failed_before, each.file))

    def take(self, parses: Sequence[tuple[ParsedFile, Origin]], now: datetime) -> None:
        """Write in one transaction what parses found; a file that vanished meanwhile is left out.

        One that changed meanwhile is parsed again.
        """
        findings = [
            self._finding(parsed, origin) for parsed, origin in parses if parsed.file in self._dag_files
        ]
        if not findings:
            return
        records = self._transact(
            lambda session: register(session, now, findings, self._policy, self._refused)
        )
        for record in records:
            if differs(record, self._records.get(record.path)):
                log_note(record)
        self._records |= {record.path: record for record in records}
        for record in records:
            self._wanted.discard(record.path)
            if not is_fresh(record, self._origin.manifest, self._origin.revisions):
                self._wanted.add(record.path)
        self._note_refused(findings, records)

    def _note_refused(self, findings: Iterable[Finding], records: Iterable[FileRecord]) -> None:
        """Have files looked at again that were refused, once a file has let go of a DAG: it may be theirs."""
        parsed = {each.parsed.file: each.parsed for each in findings}
        for record in records:
            self._refused.pop(record.path, None)
            if record.error is not None and record.error.type == DuplicateDag.__name__:
                self._refused[record.path] = declared(parsed[record.path])
        before = {dag_id for each in findings if each.before for dag_id in each.before.dag_ids}
        if before - {dag_id for record in records for dag_id in record.dag_ids}:
            self._wanted |= self._refused.keys()

    def _finding(self, parsed: ParsedFile, origin: Origin) -> Finding:
        return Finding(parsed, origin, self._records.get(parsed.file), self._pin(parsed, origin))

    def give_back(self, file: str) -> None:
        """Have a file parsed with the next look: its parse came to nothing."""
        self._wanted.add(file)

    def _has_failed(self, file: str) -> bool:
        record = self._records.get(file)
        return record is not None and record.error is not None

    def _pin(self, parsed: ParsedFile, origin: Origin) -> Origin:
        """Choose the newest snapshot in which all that the parse depended on stands as it was parsed."""
        paths = {parsed.file, *parsed.modules, *parsed.opened}
        now = self._origin
        is_same = all(content_of(path, now.manifest) == content_of(path, origin.manifest) for path in paths)
        return now if is_same else origin

    # --- Files that are gone, places that cannot be read ----------------------------------------------------

    def _note_gone(self, scan: Scan, now: datetime) -> None:
        absent = {
            path
            for path, record in self._records.items()
            if not is_note(record) and path not in self._dag_files and not scan.hides(path)
        }
        self._gone = {path: self._gone.get(path, now) for path in absent}

    @property
    def record_count(self) -> int:
        """Return how many files have a record, as far as is known here."""
        return len(self._records)

    @property
    def has_gone(self) -> bool:
        """Tell whether files are gone whose DAGs are not retired yet."""
        return bool(self._gone)

    def retire_gone(self, now: datetime, *, grace: timedelta) -> None:
        """Retire the DAGs of files that have been gone for `grace`, unless another file took them over."""
        paths = [path for path, since in self._gone.items() if now - since >= grace]
        if not paths:
            return

        def write(session: Session) -> None:
            owned = owners(session, [dag_id for path in paths for dag_id in self._records[path].dag_ids])
            retire_dags(session, now, [dag_id for dag_id, file in owned.items() if file in paths])
            forget_files(session, paths)
            request_wake(session)

        self._transact(write)
        for path in paths:
            del self._gone[path], self._records[path]

    def _take_notes(self, scan: Scan, found: Checkout, now: datetime) -> None:
        """Keep on record what cannot be read and what was left out, for the page; forget what is over."""
        wanted = notes_of(scan, self._records, found, now)
        changed = [note for path, note in wanted.items() if differs(note, self._records.get(path))]
        over = [path for path, record in self._records.items() if is_note(record) and path not in wanted]
        if not changed and not over:
            return
        for note in changed:
            log_note(note)

        def write(session: Session) -> None:
            save_files(session, changed)
            forget_files(session, over)

        self._transact(write)
        self._records |= {note.path: note for note in changed}
        for path in over:
            del self._records[path]
