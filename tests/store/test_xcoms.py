import json
from dataclasses import replace

import pytest

from scheduler.errors import NotSerializable, TooLarge
from scheduler.sdk.xcom import encode
from scheduler.store import xcoms
from scheduler.store.views import tasks
from scheduler.store.views.results import list_results
from scheduler.store.xcoms import XComRow
from scheduler.wire import XCOM_LIMIT_BYTES
from tests.operations.plays import started_run
from tests.store.specs import NOW


@pytest.fixture
def run_pk(write):
    return write(started_run).run_pk


def _row(run_pk, task_id="a", key="return_value", value=1, path=""):
    return XComRow(run_pk, task_id, path, key, value)


@pytest.mark.parametrize(
    "value", [None, 0, False, "", "ünï \u0000 😀", [1, [2, {}]], {"a": {"b": None}}, 1e300]
)
def test_a_value_comes_back_as_it_was(db, write, run_pk, value):
    write(xcoms.put_xcoms, NOW, [_row(run_pk, value=value)])
    with db.read() as session:
        assert xcoms.get_xcom(session, run_pk, "a", "return_value") == value
        assert xcoms.list_xcoms(session, run_pk, "a") == [_row(run_pk, value=value)]


def test_a_key_that_is_pushed_again_is_replaced(db, write, run_pk):
    for value in (1, 2):
        write(xcoms.put_xcoms, NOW, [_row(run_pk, value=value), _row(run_pk, key="other")])
    with db.read() as session:
        assert [(each.key, each.value) for each in xcoms.list_xcoms(session, run_pk, "a")] == [
            ("other", 1),
            ("return_value", 2),
        ]


def test_people_see_a_value_without_its_secrets_and_tasks_as_it_is(db, write, run_pk):
    secret, plain = replace(_row(run_pk, value="hunter22"), shown='"***"'), _row(run_pk, key="plain")
    write(xcoms.put_xcoms, NOW, [secret, plain])
    with db.read() as session:
        assert xcoms.get_xcom(session, run_pk, "a", "return_value") == "hunter22"
        told = [(each.key, each.text, each.length) for each in tasks.list_xcoms(session, run_pk, "a")]
        assert told == [("plain", "1", 1), ("return_value", '"***"', 5)]
        assert [each.text for each in list_results(session, run_pk, ["a"], 9)] == ['"***"']
    write(xcoms.put_xcoms, NOW, [replace(secret, value=2, shown=None)])
    with db.read() as session:
        assert [each.text for each in list_results(session, run_pk, ["a"], 9)] == ["2"]


def test_what_was_never_pushed_is_none(db, run_pk):
    with db.read() as session:
        assert xcoms.get_xcom(session, run_pk, "a", "missing") is None


def test_mapped_instances_have_values_of_their_own(db, write, run_pk):
    write(xcoms.put_xcoms, NOW, [_row(run_pk, value=n, path=str(n)) for n in (0, 1)])
    with db.read() as session:
        assert xcoms.get_xcom(session, run_pk, "a", "return_value", path="1") == 1
        assert xcoms.get_xcom(session, run_pk, "a", "return_value") is None


def test_the_values_of_cleared_tasks_are_deleted_and_no_others(db, write, run_pk):
    write(xcoms.put_xcoms, NOW, [_row(run_pk, "a"), _row(run_pk, "a", path="1"), _row(run_pk, "b")])
    write(xcoms.delete_xcoms, run_pk, [("a", ""), ("b", "1")])
    with db.read() as session:
        assert xcoms.list_xcoms(session, run_pk, "a") == []
        assert len(xcoms.list_xcoms(session, run_pk, "a", path="1")) == 1
        assert len(xcoms.list_xcoms(session, run_pk, "b")) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_is_not_json_is_refused_by_key_and_task(write, run_pk, value):
    with pytest.raises(NotSerializable, match="The XCom 'return_value' of a is not JSON"):
        write(xcoms.put_xcoms, NOW, [_row(run_pk, value=value)])


def test_a_value_of_50_mb_is_refused(write, run_pk):
    with pytest.raises(TooLarge, match="The XCom 'return_value' of a is 50,000,002 bytes"):
        write(xcoms.put_xcoms, NOW, [_row(run_pk, value="x" * 50_000_000)])


def test_the_largest_value_that_a_task_may_pass_can_be_stored(write, run_pk):
    value = ["x" * 1000] * (XCOM_LIMIT_BYTES // 1003)
    assert len(json.dumps(encode(value))) > XCOM_LIMIT_BYTES
    write(xcoms.put_xcoms, NOW, [_row(run_pk, value=encode(value))])
    for refuse in (encode, lambda more: write(xcoms.put_xcoms, NOW, [_row(run_pk, value=more)])):
        with pytest.raises(TooLarge):
            refuse([*value, "x" * 1000])
