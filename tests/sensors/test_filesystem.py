"""FileSensor: real files, and addresses of other stores."""

from __future__ import annotations

import fsspec
import pytest

from scheduler import Connection, FileSensor
from scheduler.errors import BadDag
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.csv").touch()
    (tmp_path / "in" / "b.txt").touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "recursive", "is_there"),
    [
        ("in/b.txt", False, True),
        ("in/c.txt", False, False),
        ("in/*.txt", False, True),
        ("in/*.csv", False, False),
        ("in/**/*.csv", True, True),
        ("**/a.csv", False, False),
        ("**/a.csv", True, True),
        ("in", False, True),
        ("in/de*", False, True),
        ("empty", False, False),
        ("*", False, True),
        ("in/deep", False, True),
        ("{{ 'in' }}/b.txt", False, True),
    ],
)
def test_it_waits_for_a_file_a_pattern_or_what_a_folder_holds(dag, folder, path, recursive, is_there):
    FileSensor(task_id="a", filepath=f"{folder}/{path}", mode="reschedule", recursive=recursive)
    assert attempt(dag).state == ("success" if is_there else "reschedule")


def test_a_folder_counts_however_deep_its_files_lie(dag, folder):
    (folder / "in" / "b.txt").unlink()
    FileSensor("a", filepath=f"{folder}/in", mode="reschedule")
    assert attempt(dag).state == "success"


def test_deferrable_it_leaves_the_wait_to_a_trigger(dag, folder):
    FileSensor("a", filepath=f"{folder}/in/*.pdf", deferrable=True, poke_interval=3, timeout=60)
    outcome = attempt(dag)
    assert (outcome.state, outcome.deferral.trigger) == ("deferred", "scheduler.triggers.file.FileTrigger")
    assert outcome.deferral.kwargs == {
        "filepath": f"{folder}/in/*.pdf",
        "recursive": False,
        "poke_interval": 3.0,
    }
    assert outcome.deferral.timeout_s == 60


def test_what_is_there_is_not_deferred_and_other_stores_are_looked_at_by_itself(dag, folder):
    FileSensor("a", filepath=f"{folder}/in/b.txt", deferrable=True)
    FileSensor("b", filepath="memory://nowhere/*.csv", deferrable=True)
    assert attempt(dag).state == "success"
    assert attempt(dag, task_id="b").state == "reschedule"


def test_a_relative_path_lies_below_that_of_the_connection(dag, folder):
    channel = LocalChannel("d", {}, {"disk": Connection("disk", extra=f'{{"path": "{folder}"}}')})
    FileSensor(task_id="a", filepath="in/b.txt", fs_conn_id="disk", mode="reschedule")
    FileSensor(task_id="b", filepath="in/c.txt", fs_conn_id="disk", mode="reschedule")
    assert attempt(dag, channel).state == "success"
    assert attempt(dag, channel, task_id="b").state == "reschedule"


def test_an_address_is_looked_up_where_it_leads(dag):
    FileSensor(task_id="a", filepath="memory://shop/orders/*.csv", mode="reschedule")
    assert attempt(dag).state == "reschedule"
    fsspec.filesystem("memory").pipe_file("/shop/orders/1.csv", b"1")
    assert attempt(dag).state == "success"


def test_a_connection_that_is_not_there_is_named_with_the_remedy(dag):
    FileSensor(task_id="a", filepath="x", fs_conn_id="disk")
    assert attempt(dag).reason.startswith(
        "NotFound: There is no connection 'disk'. Define it: `dirigent connections set disk --uri URI`."
    )


def test_no_path_is_refused(dag):
    with pytest.raises(BadDag, match="filepath=''"):
        FileSensor(task_id="a", filepath="")
