"""A DAG folder that is a git repository: the leader fetches its ref now and then, and when it is told to.

`<home>/bundles/dags-folder` holds a bare copy of what was fetched last, the commits as folders, and `current`, a link
to the one in force. A commit comes into force by the rename of that link, once all of it is written; a fetch that fails
or is killed leaves the one before. A restart begins with what `current` names, whether the network is there or not.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from scheduler.clock import Clock
from scheduler.errors import DirigentError
from scheduler.failpoints import Spot, reach
from scheduler.git_address import usual_view_url
from scheduler.parsing.git import Commit, Mirror
from scheduler.parsing.git_failures import GitBusy, GitDamaged
from scheduler.parsing.git_remote import Remote
from scheduler.parsing.git_tree import read_notes, write_commit
from scheduler.parsing.places import Checkout
from scheduler.store.bundles import (
    NAME,
    Fetched,
    Source,
    count_requests,
    note_failed,
    note_fetched,
    open_bundle,
)
from scheduler.store.engine import Database

log = logging.getLogger(__name__)

#: Between two looks whether somebody asked for a fetch, where nothing wakes.
LOOK_S: Final = 10.0
#: Two fetches begin at least so far apart, and so do two looks.
SPACING_S: Final = 0.5
#: A fetch that failed is tried again after this time, or after that between two where it is longer.
RETRY_S: Final = 30.0
#: A commit that is no longer in force is kept as a folder for so long: another process may just be reading it.
_KEEP: Final = timedelta(hours=1)
_CURRENT: Final = "current"


class GitFolder:
    """A place whose content is that of a commit (`parsing.places.Place`)."""

    def __init__(
        self,
        *,
        db: Database,
        remote: Remote,
        home: Path,
        clock: Clock,
        environ: Mapping[str, str],
        refresh_s: float = 60.0,
        view_url: str = "",
    ) -> None:
        self._db = db
        self._remote = remote
        self._clock = clock
        self._refresh_s = refresh_s
        self._view_url = view_url or usual_view_url(remote.address)
        self._folder = home / "bundles" / NAME
        self._mirror = Mirror(self._folder / "repository.git", remote, environ)
        self._guard = Lock()
        self._in_use: Path | None = None
        self._is_trusted = False
        self._fault = ""
        self._requests = -1  #: how many were known before the last fetch; -1: none was made yet
        self._next_at_s = 0.0
        self._is_over = Event()
        self._thread: Thread | None = None

    # --- What is in force -------------------------------------------------------------------------------------------

    def checkout(self) -> Checkout | None:
        """Return the commit in force; None before that is known.

        Another scheduler may have fetched a later one than this home holds: then only a fetch brings it into force.
        """
        with self._guard:
            tree = self._current() if self._is_trusted else None
            if tree is None:
                return Checkout(self._folder / "trees" / "none", fault=self._fault) if self._fault else None
            self._in_use = tree
            return Checkout(tree, _version_of(tree), read_notes(tree), self._fault)

    def _current(self) -> Path | None:
        link = self._folder / _CURRENT
        try:
            tree = self._folder / link.readlink()
        except OSError:
            return None
        return tree if tree.is_dir() else None

    def _switch(self, tree: Path) -> None:
        draft = self._folder / f".{_CURRENT}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(tree.relative_to(self._folder))
        reach(Spot.BUNDLE_WRITTEN)
        with self._guard:
            draft.replace(self._folder / _CURRENT)

    def _prune(self, now: datetime) -> None:
        """Delete commits that are neither in force nor read any more, and half-made ones."""
        before = (now - _KEEP).timestamp()
        with self._guard:
            keep = {self._current(), self._in_use}
        trees = [each for each in _entries(self._folder / "trees") if each.is_dir() and each not in keep]
        for tree in trees:
            if tree.stat().st_mtime < before:
                shutil.rmtree(tree, ignore_errors=True)
                tree.with_suffix(".notes").unlink(missing_ok=True)

    # --- Fetching ---------------------------------------------------------------------------------------------------

    def refresh(self, now: datetime) -> bool:
        """Fetch once; return whether something else is in force, or something else is wrong, than before.

        What fails is noted, and leaves in force what is.
        """
        if self._requests < 0:
            self._open()
        before = self.checkout()
        try:
            with self._mirror.held():
                commit = self._take_over(now)
        except GitBusy as error:
            log.info("The DAG repository is looked at later: %s", error)
            self._next_at_s = self._clock.monotonic() + SPACING_S
            return False
        except (DirigentError, OSError) as error:
            self._note_failure(now, str(error))
        else:
            self._note_success(now, commit, before.version if before else None)
        return self.checkout() != before

    def _take_over(self, now: datetime) -> Commit:
        try:
            commit, tree = self._fetch()
        except GitDamaged as error:
            log.warning("The copy of the DAG repository is fetched anew: %s", error)
            self._mirror.forget()
            commit, tree = self._fetch()
        if tree != self._current():
            self._switch(tree)
            self._mirror.tidy()
        self._prune(now)
        return commit

    def _fetch(self) -> tuple[Commit, Path]:
        version = self._mirror.fetch()
        reach(Spot.BUNDLE_FETCHED)
        tree = self._folder / "trees" / _tree_name(version, self._remote.subfolder)
        write_commit(self._mirror, version, tree)
        return self._mirror.describe(version), tree

    def _note_failure(self, now: datetime, fault: str) -> None:
        if self._is_over.is_set():
            return
        with self._guard:
            self._fault = fault
        self._db.transact(lambda session: note_failed(session, now, fault))

    def _note_success(self, now: datetime, commit: Commit, before: str | None) -> None:
        with self._guard:
            self._fault, self._is_trusted = "", True
        if commit.version != before:
            log.info("The DAG folder is at commit %s: %s", commit.version[:10], commit.subject)
        fetched = Fetched(**commit._asdict())
        self._db.transact(lambda session: note_fetched(session, now, fetched, before))

    # --- The thread -------------------------------------------------------------------------------------------------

    def start(self, on_change: Callable[[], None]) -> None:
        """Fetch at once, then as often as the settings say and whenever somebody asks."""
        self._thread = Thread(target=self._run, args=(on_change,), name="dag-repository", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End a fetch that is under way, and the thread."""
        self._is_over.set()
        self._mirror.close()
        self._db.wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, on_change: Callable[[], None]) -> None:
        while not self._is_over.is_set():
            try:
                if self._requests < 0:
                    self._open()
                    on_change()
                if self._is_wanted() and self._refresh_now():
                    on_change()
            except Exception:
                log.exception("The DAG repository could not be looked at; it is tried again.")
                self._next_at_s = self._clock.monotonic() + RETRY_S
            self._is_over.wait(SPACING_S)
            if not self._is_over.is_set():
                self._db.wake.wait(min(LOOK_S, max(0.0, self._next_at_s - self._clock.monotonic())))

    def _open(self) -> None:
        source = Source(
            url=self._remote.address.url,
            ref=self._remote.ref,
            subdir=self._remote.subfolder,
            view_url=self._view_url,
        )
        stored = self._db.transact(lambda session: open_bundle(session, source))
        with self._guard:
            tree = self._current()
            self._is_trusted = tree is not None and stored.version in (None, _version_of(tree))
        self._requests = stored.requests

    def _is_wanted(self) -> bool:
        """Tell whether the time has come, or somebody asked since the last fetch began."""
        with self._db.read() as session:
            requests = count_requests(session)
        is_asked, self._requests = requests != self._requests, requests
        return is_asked or self._clock.monotonic() >= self._next_at_s

    def _refresh_now(self) -> bool:
        rest_s = self._refresh_s or float("inf")
        self._next_at_s = self._clock.monotonic() + rest_s
        is_new = self.refresh(self._clock.now())
        if self._fault:
            self._next_at_s = self._clock.monotonic() + min(RETRY_S, rest_s)
        return is_new


def _tree_name(version: str, subfolder: str) -> str:
    """Return the name of a commit's folder: its subfolder belongs to it."""
    return f"{version}-{hashlib.sha256(subfolder.encode()).hexdigest()[:8]}" if subfolder else version


def _version_of(tree: Path) -> str:
    return tree.name.partition("-")[0]


def _entries(folder: Path) -> Iterable[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
