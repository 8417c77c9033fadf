"""Copying, moving and deleting files, here and in another store."""

from __future__ import annotations

import fsspec
import pytest

from scheduler import Connection, FileDeleteOperator, FileTransferOperator
from scheduler.errors import BadDag
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.csv", "b.csv", "c.txt", "deep/d.csv"):
        (tmp_path / "in" / name).write_text(name)
    return tmp_path


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def transfer(dag, folder, src, dst, **arguments):
    FileTransferOperator("a", src=f"{folder}/{src}", dst=f"{folder}/{dst}", **arguments)
    return attempt(dag)


@pytest.mark.parametrize(
    ("src", "dst", "made"),
    [
        ("in/a.csv", "out/day/x.csv", ["out/day/x.csv"]),
        ("in/a.csv", "out/", ["out/a.csv"]),
        ("in/*.csv", "out", ["out/a.csv", "out/b.csv"]),
        ("in", "out", ["out/a.csv", "out/b.csv", "out/c.txt"]),
    ],
)
@pytest.mark.parametrize("move", [False, True])
def test_files_are_copied_or_moved(dag, folder, src, dst, made, move):
    before = names(folder)
    outcome = transfer(dag, folder, src, dst, move=move)
    assert outcome.state == "success"
    sources = {f"in/{each.rpartition('/')[2]}" for each in made} if len(made) > 1 else {"in/a.csv"}
    assert names(folder) == sorted([*made, *(set(before) - (sources if move else set()))])
    told = outcome.xcoms["return_value"]
    assert (told if isinstance(told, list) else [told]) == [f"{folder}/{each}" for each in made]


def test_a_file_that_is_there_is_replaced_only_where_that_is_wanted(dag, folder):
    outcome = transfer(dag, folder, "in/a.csv", "in/b.csv")
    assert "is there already; give overwrite=True" in outcome.reason
    FileTransferOperator("b", src=f"{folder}/in/a.csv", dst=f"{folder}/in/b.csv", overwrite=True)
    assert attempt(dag, task_id="b").state == "success"
    assert (folder / "in" / "b.csv").read_text() == "a.csv"


def test_between_stores_and_connections(dag, folder):
    channel = LocalChannel("d", {}, {"disk": Connection("disk", extra=f'{{"path": "{folder}"}}')})
    FileTransferOperator("a", src="in/a.csv", dst="memory://files/{{ ds }}.csv", source_conn_id="disk")
    FileTransferOperator("b", src="memory://files/{{ ds }}.csv", dst="back.csv", dest_conn_id="disk")
    assert attempt(dag, channel).state == "success"
    assert fsspec.filesystem("memory").cat("/files/2026-11-21.csv") == b"a.csv"
    assert attempt(dag, channel, task_id="b").state == "success"
    assert (folder / "back.csv").read_text() == "a.csv"


@pytest.mark.parametrize(
    ("path", "arguments", "count", "left"),
    [
        ("in/a.csv", {}, 1, 3),
        ("in/*.csv", {}, 2, 2),
        ("in/*", {}, 3, 1),
        ("in", {"recursive": True}, 1, 0),
        ("none", {"missing_ok": True}, 0, 4),
    ],
)
def test_files_are_deleted(dag, folder, path, arguments, count, left):
    FileDeleteOperator("a", path=f"{folder}/{path}", **arguments)
    assert attempt(dag).xcoms["return_value"] == count
    assert len(names(folder)) == left


@pytest.mark.parametrize(("path", "words"), [("none", "There is no file"), ("in", "recursive=True")])
def test_what_is_not_there_is_named(dag, folder, path, words):
    FileDeleteOperator("a", path=f"{folder}/{path}")
    assert words in attempt(dag).reason
    assert len(names(folder)) == 4


def test_a_source_that_is_not_there_is_named(dag, folder):
    assert f"There is no file '{folder}/in/x.csv'" in transfer(dag, folder, "in/x.csv", "out").reason


@pytest.mark.parametrize("arguments", [{"src": "", "dst": "x"}, {"src": "x", "dst": ""}])
def test_no_path_is_refused(dag, arguments):
    with pytest.raises(BadDag, match="give a path"):
        FileTransferOperator("a", **arguments)
