"""Snapshots as folders: whole, read-only, shared."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from scheduler.errors import NotFound
from scheduler.parsing.materialize import materialize
from scheduler.store.blobs import pack_blob, store_blobs
from scheduler.store.snapshots import Entry, store_snapshot
from tests.parsing.conftest import NOW

FILES = {"orders.py": (b"print()", 0o644), "sub/run.sh": (b"#!/bin/sh", 0o755), "sub/empty": (b"", 0o644)}


@pytest.fixture
def snapshot(db):
    def make(files):
        blobs = [pack_blob(data) for data, _ in files.values()]
        manifest = {
            path: Entry(blob.hash, blob.size, mode)
            for (path, (_, mode)), blob in zip(files.items(), blobs, strict=True)
        }
        db.transact(lambda session: store_blobs(session, blobs))
        return db.transact(lambda session: store_snapshot(session, manifest, NOW))

    return make


@pytest.fixture
def tree(db, tmp_path):
    def make(snapshot_id, home=None):
        with db.read() as session:
            return materialize(session, snapshot_id, home or tmp_path / "home")

    return make


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_tree_holds_the_files_of_its_snapshot(snapshot, tree):
    folder = tree(snapshot(FILES))
    assert contents(folder) == {path: data for path, (data, _) in FILES.items()}


def test_its_files_can_be_read_and_run_but_not_written(snapshot, tree):
    folder = tree(snapshot(FILES))
    modes = {path: stat.S_IMODE((folder / path).stat().st_mode) for path in FILES}
    assert modes == {"orders.py": 0o444, "sub/run.sh": 0o555, "sub/empty": 0o444}


def test_asking_again_gives_the_same_folder_untouched(snapshot, tree):
    snapshot_id = snapshot(FILES)
    folder = tree(snapshot_id)
    before = folder.stat().st_mtime_ns
    assert tree(snapshot_id) == folder
    assert folder.stat().st_mtime_ns == before


def test_snapshots_share_the_files_that_they_have_in_common(snapshot, tree):
    one = tree(snapshot(FILES))
    other = tree(snapshot({**FILES, "new.py": (b"new", 0o644)}))
    assert one != other
    assert (one / "orders.py").stat().st_ino == (other / "orders.py").stat().st_ino


def test_an_empty_snapshot_is_an_empty_folder(snapshot, tree):
    assert contents(tree(snapshot({}))) == {}


def test_a_content_that_a_crash_cut_short_is_written_anew(snapshot, tree, tmp_path):
    tree(snapshot(FILES))
    for blob in (tmp_path / "home" / "blobs").glob("*/*"):
        blob.chmod(0o644)
        blob.write_bytes(b"")
    folder = tree(snapshot({**FILES, "new.py": (b"new", 0o644)}))
    assert (folder / "orders.py").read_bytes() == b"print()"


def test_many_that_write_one_tree_at_once_end_with_one_whole_tree(snapshot, tree, tmp_path):
    files = {f"f{number}.py": (str(number).encode(), 0o644) for number in range(60)}
    snapshot_id = snapshot(files)
    barrier = Barrier(4)

    def work(_):
        barrier.wait()
        return tree(snapshot_id)

    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(work, range(4)))
    assert len(folders) == 1
    assert contents(folders.pop()) == {path: data for path, (data, _) in files.items()}
    assert list((tmp_path / "home" / "snapshots").glob(".draft-*")) == []


def test_a_snapshot_that_does_not_exist_is_named(tree):
    with pytest.raises(NotFound, match="snapshot '77'"):
        tree(77)


def test_a_content_that_is_not_stored_is_named(db, tree):
    manifest = {"a.py": Entry("0" * 64, 1, 0o644)}
    snapshot_id = db.transact(lambda session: store_snapshot(session, manifest, NOW))
    with pytest.raises(NotFound, match="0000"):
        tree(snapshot_id)


@pytest.mark.parametrize("umask", [0, 0o077])
def test_everybody_else_may_read_the_code_and_not_write_to_it_whatever_the_umask(snapshot, tree, umask):
    before = os.umask(umask)
    try:
        folder = tree(snapshot(FILES))
    finally:
        os.umask(before)
    home = folder.parent.parent
    made = [folder, folder.parent, folder / "sub", *(home / "blobs").rglob("*"), home / "blobs"]
    assert [place for place in made if place.stat().st_mode & 0o077 not in (0o055, 0o044)] == []
