"""ObjectStoragePath: one way to files of any store."""

from __future__ import annotations

import json

import pytest

from scheduler import Connection, ObjectStoragePath, task
from scheduler.hooks.object_stores import attach, get_fs, has_fs
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


@pytest.fixture
def base(tmp_path):
    return ObjectStoragePath(f"file://{tmp_path}/base")


@pytest.fixture
def memory():
    path = ObjectStoragePath("memory://shelf")
    yield path
    if path.exists():
        path.rmdir()


def test_an_address_is_taken_apart_and_the_connection_stands_before_the_bucket():
    path = ObjectStoragePath("s3://aws_default@Shop/in/a?b#c.csv.gz")
    assert (path.protocol, path.conn_id, path.bucket, path.key) == (
        "s3",
        "aws_default",
        "Shop",
        "in/a?b#c.csv.gz",
    )
    assert path.path == "Shop/in/a?b#c.csv.gz"
    assert (path.name, path.stem, path.suffix) == (
        "a?b#c.csv.gz",
        "a?b#c.csv",
        ".gz",
    )
    assert str(path.parent / "other" / "/x") == "s3://Shop/in/other/x"
    assert (path.parent.conn_id, path.namespace, path.container) == ("aws_default", "s3://Shop", "Shop")
    assert str(path.with_name("b")) == "s3://Shop/in/b"
    assert str(path.with_suffix(".zip")) == "s3://Shop/in/a?b#c.csv.zip"
    assert str(path.relative_to("s3://Shop/in")) == "a?b#c.csv.gz"
    with pytest.raises(ValueError, match="does not lie in s3://Other"):
        path.relative_to("s3://Other/in")


def test_paths_are_equal_by_address_and_connection():
    assert ObjectStoragePath("s3://a/b") == ObjectStoragePath("s3://a", "b")
    assert len({ObjectStoragePath("s3://a/b"), ObjectStoragePath("s3://a/b", conn_id="c")}) == 2
    assert ObjectStoragePath(ObjectStoragePath("s3://c@a"), "b").conn_id == "c"


def test_files_are_written_read_listed_and_deleted(base):
    base.mkdir(parents=True)
    with pytest.raises(FileExistsError):
        base.mkdir()
    base.mkdir(exist_ok=True)
    file = base / "in" / "a.txt"
    file.parent.mkdir()
    assert file.write_text("größer") == 6
    assert (file.read_text(), file.size(), file.stat()["size"]) == ("größer", 8, 8)
    assert (file.exists(), file.is_file(), file.parent.is_dir()) == (True, True, True)
    with file.open("ab") as opened:
        opened.write(b"!")
    before = file.checksum()
    file.write_bytes(b"x")
    assert file.checksum() != before
    (base / "b.csv").touch()
    assert sorted(each.name for each in base.iterdir()) == ["b.csv", "in"]
    assert [str(each) for each in base.rglob("*.txt")] == [str(file)]
    assert list(base.glob("*.csv")) == [base / "b.csv"]
    file.unlink()
    file.unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        file.unlink()
    base.rmdir()
    assert not base.exists()


def test_files_and_folders_are_copied_and_moved_between_stores(base, memory):
    (base / "in").mkdir(parents=True)
    (base / "in" / "a.txt").write_text("a")
    (base / "in" / "b.txt").write_text("b")
    with pytest.raises(IsADirectoryError, match="recursive=True"):
        (base / "in").copy(memory / "out")
    (base / "in").copy(memory / "out", recursive=True)
    assert (memory / "out" / "b.txt").read_text() == "b"
    (base / "in" / "a.txt").move(memory / "out" / "c.txt")
    assert not (base / "in" / "a.txt").exists()
    (memory / "out" / "c.txt").copy(base / "in")
    assert (base / "in" / "c.txt").read_text() == "a"
    moved = (base / "in" / "c.txt").replace(base / "d.txt")
    assert (moved.read_text(), moved.name) == ("a", "d.txt")
    assert sorted(each.name for each in (memory / "out").iterdir()) == ["a.txt", "b.txt", "c.txt"]


def test_a_path_passes_between_tasks(dag, tmp_path):
    @task
    def make():
        return ObjectStoragePath(f"file://{tmp_path}/a.txt", conn_id="disk", auto_mkdir=True)

    @task
    def use(path):
        assert path.conn_id == "disk"
        return [str(path), path.storage_options]

    use(make())
    result = dag.test(connections={"disk": Connection("disk")})
    assert result.xcom("use") == [f"file://{tmp_path}/a.txt", {"auto_mkdir": True}]


def test_the_connection_gives_the_options_of_the_store(dag, tmp_path):
    @task
    def a():
        (ObjectStoragePath("file://", conn_id="disk") / str(tmp_path) / "new" / "a.txt").write_text("x")

    a()
    extra = json.dumps({"auto_mkdir": True, "path": "/elsewhere"})
    assert attempt(dag, LocalChannel("d", {}, {"disk": Connection("disk", extra=extra)})).state == "success"
    assert (tmp_path / "new" / "a.txt").read_text() == "x"


def test_code_may_bring_a_filesystem(tmp_path):
    assert (has_fs("memory"), has_fs("nonsense")) == (True, False)
    dirs = get_fs("dir", storage_options={"path": str(tmp_path), "target_protocol": "file"})
    assert attach("shelf", fs=dirs) is dirs
    ObjectStoragePath("shelf://in.txt").write_text("x")
    assert (tmp_path / "in.txt").read_text().strip() == "x"
