"""Notes on the DAG folder: what could not be read, fetched or taken, as records beside those of the parses."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from scheduler.parsing.places import Checkout
from scheduler.parsing.scan import ROOT, Scan
from scheduler.store.dag_files import FileRecord, ImportFault

log = logging.getLogger(__name__)

#: Marks the record of a place that could not be read, which no parse wrote.
_NOTE: Final = ""


def is_note(record: FileRecord) -> bool:
    """Tell whether no parse wrote this record."""
    return record.fingerprint == _NOTE


def notes_of(
    scan: Scan, records: Mapping[str, FileRecord], found: Checkout, now: datetime
) -> dict[str, FileRecord]:
    """Make the records that the page is to show of a scan; a file keeps its DAGs in its record."""
    notes: dict[str, FileRecord] = {}
    if warnings := (*found.warnings, *scan.warnings):
        notes[ROOT] = FileRecord(path=ROOT, fingerprint=_NOTE, parsed_at=now, warnings=warnings)
    for place, reason in scan.unreadable.items():
        known = (
            notes.get(place) or records.get(place) or FileRecord(path=place, fingerprint=_NOTE, parsed_at=now)
        )
        notes[place] = replace(known, error=_unreadable(str(found.root) if place == ROOT else place, reason))
    if found.fault:
        known = notes.get(ROOT) or FileRecord(path=ROOT, fingerprint=_NOTE, parsed_at=now)
        notes[ROOT] = replace(known, error=ImportFault(type="NotFetched", message=found.fault))
    return notes


def _unreadable(place: str, reason: str) -> ImportFault:
    return ImportFault(
        type="Unreadable",
        message=f"{place} cannot be read: {reason}. Its DAGs stay as they were. "
        "Check that it exists and that Dirigent may read it.",
    )


def log_note(note: FileRecord) -> None:
    """Tell a person who reads the log of the server what the page shows."""
    for text in note.warnings:
        log.warning("In the DAG folder: %s", text)
    if note.error and is_note(note):
        log.warning("In the DAG folder: %s", note.error.message)
    elif note.error:
        line = f" line {note.error.lineno}:" if note.error.lineno else ""
        log.warning("%s does not load:%s %s: %s", note.path, line, note.error.type, note.error.message)


def differs(note: FileRecord, known: FileRecord | None) -> bool:
    """Tell whether a record says something that was not said before."""
    if known is None or note.warnings != known.warnings:
        return True
    return (note.error and note.error.message) != (known.error and known.error.message)
