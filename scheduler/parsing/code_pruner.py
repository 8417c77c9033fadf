"""Deletes code from the home folder that no snapshot holds any more, now and then, on a thread of its own.

What `loop.pruning` deletes from the database, each host that has it as files deletes for itself. Several processes may
share a home, and one of them may be about to use what another one finds useless: what was written lately stays, a tree
is set aside before it is looked up a last time, and `materialize` writes anew what it misses.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Final

from scheduler.clock import Clock
from scheduler.errors import DatabaseUnavailable
from scheduler.store.engine import Database
from scheduler.store.snapshots import known_hashes

_log: Final = logging.getLogger(__name__)

#: What was written within this time is left alone.
KEEP: Final = timedelta(days=1)
#: Before the first look, and between two.
FIRST: Final = timedelta(minutes=1)
REST: Final = timedelta(hours=6)
_ASIDE: Final = ".gone-"


def prune_code(db: Database, home: Path, before: datetime) -> int:
    """Delete what was written before an instant and is no code of a stored snapshot; return how many trees went.

    Half-made trees that a crash left behind go too, and then the contents that no tree holds.
    """
    snapshots = home / "snapshots"
    old = [place for place in _entries(snapshots) if _is_older(place, before)]
    unknown = _unknown(db, [place.name for place in old if not place.name.startswith(".")])
    aside = {name: _set_aside(snapshots / name) for name in unknown}
    gone = _unknown(db, aside)
    for name in aside.keys() - gone:
        _give_back(aside[name], snapshots / name)
    for place in [aside[name] for name in gone] + [each for each in old if each.name.startswith(".")]:
        shutil.rmtree(place, ignore_errors=True)
    for folder in _entries(home / "blobs"):
        _delete_unheld(_entries(folder), before)
    return len(gone)


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except (FileNotFoundError, NotADirectoryError):
        return


def _is_older(place: Path, before: datetime) -> bool:
    try:
        return place.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False


def _unknown(db: Database, names: Collection[str]) -> set[str]:
    with db.read() as session:
        return set(names) - known_hashes(session, names)


def _set_aside(tree: Path) -> Path:
    try:
        return tree.rename(tree.with_name(f"{_ASIDE}{tree.name}"))
    except OSError:  # another process was first
        return tree.with_name(f"{_ASIDE}{tree.name}")


def _give_back(aside: Path, tree: Path) -> None:
    """Put back a tree whose snapshot was stored again meanwhile, unless it was written anew."""
    try:
        aside.rename(tree)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)


def _delete_unheld(blobs: Iterable[Path], before: datetime) -> None:
    """Delete contents that no tree links to."""
    for blob in blobs:
        try:
            if blob.stat().st_nlink == 1 and _is_older(blob, before):
                blob.unlink()
        except FileNotFoundError:
            continue


class CodePruner:
    """Prunes a home folder soon after the start, and every few hours."""

    def __init__(self, db: Database, home: Path, clock: Clock) -> None:
        self._db = db
        self._home = home
        self._clock = clock
        self._closing = Event()
        self._thread = Thread(target=self._run, name="code-pruner", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a look that is under way ends with the process."""
        self._closing.set()

    def _run(self) -> None:
        pause = FIRST
        while not self._closing.wait(pause.total_seconds()):
            pause = REST
            try:
                count = prune_code(self._db, self._home, self._clock.now() - KEEP)
            except (OSError, DatabaseUnavailable) as error:
                _log.warning("Code that nothing refers to could not be deleted: %s", error)
            else:
                _log.log(logging.INFO if count else logging.DEBUG, "%s snapshots were deleted.", count)
