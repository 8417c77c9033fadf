"""Code goes from a home folder once the database no longer knows it, and not before."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.parsing.code_pruner import prune_code
from scheduler.parsing.materialize import materialize
from scheduler.store.blobs import pack_blob, store_blobs
from scheduler.store.snapshots import Entry, store_snapshot
from scheduler.store.tables import snapshot
from tests.parsing.conftest import NOW

LATER = SystemClock().now() + timedelta(days=2)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def write_tree(db, home):
    """Store a snapshot of files with these contents, and write its tree."""

    def make(**contents: str) -> Path:
        blobs = {f"{name}.py": pack_blob(text.encode()) for name, text in contents.items()}
        manifest = {path: Entry(blob.hash, blob.size, 0o644) for path, blob in blobs.items()}
        db.transact(lambda session: store_blobs(session, blobs.values()))
        snapshot_id = db.transact(lambda session: store_snapshot(session, manifest, NOW))
        with db.read() as session:
            return materialize(session, snapshot_id, home)

    return make


def forget(db, tree: Path) -> None:
    """Delete a snapshot from the database, as its pruning does."""
    with db.write() as session:
        session.execute(sa.delete(snapshot).where(snapshot.c.hash == tree.name))


def contents(home: Path) -> list[str]:
    return sorted(path.read_text() for path in (home / "blobs").rglob("*") if path.is_file())


def test_a_tree_that_the_database_forgot_goes_with_the_contents_that_only_it_held(db, home, write_tree):
    kept, gone = write_tree(a="one", b="both"), write_tree(a="two", b="both")
    forget(db, gone)
    assert prune_code(db, home, LATER) == 1
    assert [place.name for place in (home / "snapshots").iterdir()] == [kept.name]
    assert contents(home) == ["both", "one"]


def test_what_was_written_lately_stays(db, home, write_tree):
    tree = write_tree(a="one")
    forget(db, tree)
    assert prune_code(db, home, NOW - timedelta(days=365)) == 0
    assert tree.is_dir()
    assert contents(home) == ["one"]


def test_half_of_a_tree_that_a_crash_left_behind_goes(db, home, write_tree):
    tree = write_tree(a="one")
    draft = home / "snapshots" / ".draft-x"
    draft.mkdir()
    os.link(tree / "a.py", draft / "a.py")
    prune_code(db, home, LATER)
    assert [place.name for place in (home / "snapshots").iterdir()] == [tree.name]


def test_a_pruned_tree_is_written_anew_when_its_code_comes_back(db, home, write_tree):
    tree = write_tree(a="one")
    forget(db, tree)
    prune_code(db, home, LATER)
    assert not tree.exists()
    assert (write_tree(a="one") / "a.py").read_text() == "one"


def test_a_home_without_code_has_none_to_prune(db, home):
    assert prune_code(db, home, LATER) == 0


def test_a_snapshot_that_is_stored_again_while_its_tree_is_taken_away_keeps_it(db, home, write_tree):
    tree = write_tree(a="one")
    forget(db, tree)
    is_first = Event()

    def store_again(connection, cursor, statement, *rest):
        # The pruner's first question is answered: as the DAG folder would between its two questions.
        if statement.startswith("SELECT snapshot.hash") and not is_first.is_set():
            is_first.set()
            db.transact(lambda session: store_snapshot(session, {"a.py": entry}, NOW))

    blob = pack_blob(b"one")
    entry = Entry(blob.hash, blob.size, 0o644)
    engine = db._backend.roots[0]
    sa.event.listen(engine, "after_cursor_execute", store_again)
    try:
        assert prune_code(db, home, LATER) == 0
    finally:
        sa.event.remove(engine, "after_cursor_execute", store_again)
    assert is_first.is_set()
    assert (tree / "a.py").read_text() == "one"
