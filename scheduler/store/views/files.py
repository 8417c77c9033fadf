"""The Python files of the DAG folder, each with what it gave."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.store.dag_files import FileRecord, load_files
from scheduler.store.engine import Session
from scheduler.store.snapshots import load_manifest, newest_snapshot


@dataclass(frozen=True, slots=True)
class PythonFile:
    """One file; no record: it was not imported."""

    path: str
    record: FileRecord | None


def list_python_files(session: Session) -> list[PythonFile]:
    """Return the Python files of the newest snapshot, by path; none before the first."""
    snapshot_id = newest_snapshot(session)
    if snapshot_id is None:
        return []
    records = load_files(session)
    paths = sorted(path for path in load_manifest(session, snapshot_id) if path.endswith(".py"))
    return [PythonFile(path, records.get(path)) for path in paths]


def list_uncalled(session: Session) -> list[FileRecord]:
    """Return the files that loaded with a warning and declare no DAG: most often a call was forgotten."""
    records = load_files(session).values()
    return [each for each in records if each.warnings and not each.dag_ids and each.error is None]
