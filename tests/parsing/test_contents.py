"""Contents are read and hashed where a file changed, and remembered where it did not."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.parsing.contents import Contents, may_declare_dags
from scheduler.parsing.scan import scan_folder


class Shelf:
    """Takes blobs as the database does."""

    def __init__(self, root):
        self.contents = Contents(root)
        self.root = root
        self.kept = {}
        self.asked = []

    def look(self, now):
        scan = scan_folder(self.root)
        self.contents.update(scan, now, self.missing, self.store)
        return scan

    def missing(self, hashes):
        self.asked += hashes
        return set(hashes) - self.kept.keys()

    def store(self, blobs):
        self.kept |= {blob.hash: blob for blob in blobs}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


LATER = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251 - files carry the time of this machine


def test_the_manifest_names_contents_by_hash_size_and_whether_they_run(shelf, tmp_path):
    (tmp_path / "a.py").write_text("x")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o700)
    shelf.look(LATER)
    manifest = shelf.contents.manifest
    assert manifest["a.py"] == (hashlib.sha256(b"x").hexdigest(), 1, 0o644)
    assert manifest["run.sh"].mode == 0o755
    assert set(shelf.kept) == {entry.hash for entry in manifest.values()}


def test_an_unchanged_file_is_not_read_again(shelf, tmp_path):
    (tmp_path / "a.py").write_text("x")
    shelf.look(LATER)
    before = (tmp_path / "a.py").stat().st_atime_ns
    os.utime(tmp_path / "a.py", ns=(1, (tmp_path / "a.py").stat().st_mtime_ns))
    shelf.look(LATER)
    shelf.asked.clear()
    shelf.look(LATER)
    assert shelf.asked == []
    assert before != 1


def test_a_file_that_was_just_written_is_read_again_since_it_may_change_without_a_trace(shelf, tmp_path):
    place = tmp_path / "a.py"
    place.write_text("one")
    written = datetime.fromtimestamp(place.stat().st_mtime, UTC)
    shelf.look(written)
    trace = place.stat()
    place.write_text("two")
    os.utime(place, ns=(trace.st_atime_ns, trace.st_mtime_ns))
    shelf.look(LATER)
    assert shelf.contents.manifest["a.py"].hash == hashlib.sha256(b"two").hexdigest()


def test_a_large_file_that_changes_again_and_again_is_read_at_growing_distances_and_named(shelf, tmp_path):
    place = tmp_path / "output.db"
    seen, warnings = [], []
    for second in range(0, 3600, 10):
        place.write_bytes(str(second).encode().rjust(1_500_000))
        warnings = shelf.look(LATER + timedelta(seconds=second)).warnings
        seen.append(shelf.contents.manifest["output.db"].hash)
    assert len(set(seen)) == len(shelf.kept) <= 10
    assert "output.db changes again and again" in warnings[0]


def test_a_large_file_that_has_been_at_rest_is_read_at_once(shelf, tmp_path):
    place = tmp_path / "rates.csv"
    for hour in range(5):
        place.write_bytes(str(hour).encode().rjust(1_500_000))
        assert shelf.look(LATER + timedelta(hours=hour)).warnings == []
        expected = hashlib.sha256(place.read_bytes()).hexdigest()
        assert shelf.contents.manifest["rates.csv"].hash == expected


def test_a_file_that_is_gone_is_forgotten(shelf, tmp_path):
    (tmp_path / "a.py").write_text("x")
    shelf.look(LATER)
    (tmp_path / "a.py").unlink()
    shelf.look(LATER)
    assert shelf.contents.manifest == {}


def test_equal_contents_are_stored_once(shelf, tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.py").write_text("same")
    shelf.look(LATER)
    assert len(shelf.kept) == 1


def test_more_files_than_one_batch_are_all_kept(shelf, tmp_path):
    for number in range(450):
        (tmp_path / f"{number}.py").write_text(str(number))
    shelf.look(LATER)
    assert len(shelf.contents.manifest) == len(shelf.kept) == 450


def test_a_file_that_vanishes_while_it_is_read_is_left_out(shelf, tmp_path):
    (tmp_path / "a.py").write_text("x")
    scan = scan_folder(tmp_path)
    (tmp_path / "a.py").unlink()
    shelf.contents.update(scan, LATER, shelf.missing, shelf.store)
    assert shelf.contents.manifest == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"from scheduler import DAG", True),
        (b"from airflow.decorators import dag", True),
        (b"import scheduler\n@scheduler.Dag", True),
        (b"from scheduler import task", False),
        (b"class DAG: pass", False),
        (b"", False),
    ],
)
def test_a_dag_file_is_told_by_its_words(source, expected):
    assert may_declare_dags(source) is expected


def test_only_python_files_are_dag_files(shelf, tmp_path):
    (tmp_path / "a.py").write_text("from scheduler import DAG")
    (tmp_path / "b.txt").write_text("from scheduler import DAG")
    shelf.look(LATER)
    assert shelf.contents.dag_files == {"a.py"}
