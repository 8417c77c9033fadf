from datetime import timedelta

import pytest

from scheduler.errors import NotFound, TooLarge
from scheduler.store import artifacts
from scheduler.store.artifacts import Artifact
from tests.operations.plays import started_run
from tests.store.specs import NOW


@pytest.fixture
def run_pk(write):
    return write(started_run).run_pk


def _put(write, run_pk, name="report", data=b"<h1>", now=NOW, task_id="a"):
    document = Artifact(name, "text/html", data)
    write(artifacts.put_artifact, now, run_pk=run_pk, task_id=task_id, path="", document=document)


def test_a_document_comes_back_as_it_was(db, write, run_pk):
    _put(write, run_pk, data=bytes(range(256)))
    with db.read() as session:
        (ref,) = artifacts.list_artifacts(session, run_pk)
        assert (ref.name, ref.media_type, ref.size, ref.updated_at) == ("report", "text/html", 256, NOW)
        assert artifacts.load_artifact(session, run_pk, ref.id).data == bytes(range(256))


def test_a_document_of_the_same_name_is_replaced(db, write, run_pk):
    _put(write, run_pk, data=b"old")
    _put(write, run_pk, data=b"newer", now=NOW + timedelta(hours=1))
    _put(write, run_pk, data=b"other", task_id="b")
    with db.read() as session:
        assert [(each.task_id, each.size) for each in artifacts.list_artifacts(session, run_pk)] == [
            ("a", 5),
            ("b", 5),
        ]
        assert len(artifacts.list_artifacts(session, run_pk, "b")) == 1


def test_a_document_above_5_mb_is_refused(write, run_pk):
    with pytest.raises(TooLarge, match="The artifact 'report' of a is 5,242,881 bytes"):
        _put(write, run_pk, data=b"x" * (5 * 1024 * 1024 + 1))


def test_a_document_of_another_run_is_not_found(db, write, run_pk):
    _put(write, run_pk)
    other = write(started_run, run_id="r2").run_pk
    with db.read() as session:
        (ref,) = artifacts.list_artifacts(session, run_pk)
        with pytest.raises(NotFound):
            artifacts.load_artifact(session, other, ref.id)
