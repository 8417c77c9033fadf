"""Files that do not load, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scheduler import errors
from scheduler.store.dag_files import FileRecord, list_import_errors, only_seen
from scheduler.store.engine import Session
from webui.context import sight
from webui.tongues.speaking import gettext

#: Errors whose message says it all: their names would say nothing to an author.
_OWN: Final = frozenset(
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
) | {"ImportEnded", "NotBuilt", "NotFetched", "Unreadable"}
_NAMED: Final = 4


def list_broken(session: Session) -> list[FileRecord]:
    """Return the files that do not load, the newest failure first."""
    return in_sight(session, list_import_errors(session))


def in_sight(session: Session, records: Iterable[FileRecord]) -> list[FileRecord]:
    """Return records with those of their DAGs that whoever asks may see."""
    return only_seen(session, records) if sight() else list(records)


def fault(record: FileRecord) -> str:
    """Return what is wrong with a file: Line 3: NameError: name 'x' is not defined."""
    error = record.error
    if error is None:
        return ""
    line = gettext("Line %(number)s: ", number=error.lineno) if error.lineno else ""
    kind = "" if error.type in _OWN else f"{error.type}: "
    return f"{line}{kind}{error.message.rstrip('.')}."


def first_words(records: Sequence[FileRecord]) -> str:
    """Return the names of some files: a.py, b.py and 3 more."""
    names = ", ".join(record.path for record in records[:_NAMED])
    if len(records) <= _NAMED:
        return names
    return gettext("%(names)s and %(count)s more", names=names, count=len(records) - _NAMED)


def spoken(warning: str) -> str:
    """Return a warning without its place and its kind: a.py:3: UserWarning: old -> old."""
    return warning.split(": ", 2)[-1]
