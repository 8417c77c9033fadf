"""Large values pass by the database; what cannot be kept fails its attempt, and nothing is made up."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from scheduler.cli.parts.large_values import LargeValues
from scheduler.errors import NotSerializable
from scheduler.payloads import Payloads, is_reference
from scheduler.wire import Job, Outcome, RunInfo

AT = "2026-11-22T00:00:00+00:00"
RUN = RunInfo(
    dag_id="shop",
    run_id="one",
    run_type="manual",
    logical_date=AT,
    data_interval_start=None,
    data_interval_end=None,
    run_after=AT,
)
JOB = Job(attempt_id=7, epoch=1, kind="task", code_root="/", file="shop.py", run=RUN, task_id="load")
LARGE = list(range(100))


class Desk:
    """Keeps what tasks hand on as a database would: by key."""

    def __init__(self):
        self.kept = {}

    def __call__(self, job, verb, args):
        if verb == "set_xcom":
            self.kept[job.task_id, args["key"]] = args["value"]
            return None
        kept = self.kept.get((args.get("task_id"), args.get("key")))
        if verb == "get_xcoms":
            return {"total": 1, "values": [kept]}
        if verb == "run_results":
            return {name: value for (name, key), value in self.kept.items() if key == args["run_id"]}
        return kept if verb in ("get_xcom", "get_xcom_item") else verb


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def ended():
    return SimpleQueue()


@pytest.fixture
def values(tmp_path, desk, ended):
    values = LargeValues(Payloads(f"file://{tmp_path}/values", 100), desk, ended.put)
    yield values
    values.close()


def asked(key="rows"):
    return {"task_id": "load", "key": key, "path": "", "run_id": None, "dag_id": None}


def outcome(**xcoms):
    return Outcome(attempt_id=7, epoch=1, state="success", xcoms=xcoms, skip_tasks=("other",))


def test_a_large_value_is_stored_as_a_reference_and_read_as_itself(values, desk):
    values.answer(JOB, "set_xcom", {"key": "rows", "value": LARGE})
    assert is_reference(desk.kept["load", "rows"])
    assert values.answer(JOB, "get_xcom", asked()) == LARGE


def test_another_request_passes_as_it_is(values):
    assert values.answer(None, "get_variable", {"key": "x"}) == "get_variable"
    assert values.answer(JOB, "run_state", {}) == "run_state"


def test_an_outcome_goes_on_with_references_for_what_is_large(values, ended):
    values.note(JOB)
    values.finished(outcome(return_value=LARGE, small=1))
    xcoms = ended.get(timeout=30).xcoms
    assert is_reference(xcoms["return_value"])
    assert xcoms["small"] == 1


def test_an_outcome_without_values_goes_on_at_once(values, ended):
    values.note(JOB)
    values.finished(outcome())
    assert ended.get_nowait().state == "success"


def test_an_attempt_whose_value_cannot_be_kept_fails_and_may_be_tried_again(values, ended, tmp_path):
    (tmp_path / "values").rmdir()
    (tmp_path / "values").write_text("in the way")
    values.note(JOB)
    values.finished(outcome(return_value=LARGE))
    failed = ended.get(timeout=30)
    assert (failed.state, failed.retryable, failed.xcoms, failed.skip_tasks) == ("failed", True, {}, ())
    assert "what it returned could not be kept: file://" in failed.reason


def test_a_reference_that_user_code_made_up_is_refused(values, desk, ended):
    forged = {"__type__": "payload", "value": {"name": "shop/one/load/9.1-secret.json", "bytes": 1}}
    with pytest.raises(NotSerializable, match="'rows' pretends to be kept elsewhere"):
        values.answer(JOB, "set_xcom", {"key": "rows", "value": forged})
    values.note(JOB)
    values.finished(outcome(return_value=forged))
    assert "pretends" in ended.get(timeout=30).reason
    assert desk.kept == {}


def test_what_was_under_way_is_done_when_it_closes(values, ended):
    values.note(JOB)
    values.finished(outcome(return_value=LARGE))
    values.close()
    assert ended.get_nowait().state == "success"


def test_what_tasks_are_mapped_over_comes_back_item_by_item(values, desk):
    values.answer(JOB, "set_xcom", {"key": "rows", "value": LARGE})
    assert desk.kept["load", "rows"]["value"]["length"] == len(LARGE)
    assert values.answer(JOB, "get_xcom_item", {**asked(), "index": 42}) == 42
    assert values.answer(JOB, "get_xcoms", asked())["values"] == [LARGE]


def test_what_another_run_returned_comes_back_as_itself(values, desk):
    values.answer(JOB, "set_xcom", {"key": "one", "value": LARGE})
    (kept,) = desk.kept.values()
    assert is_reference(kept)
    desk.kept["each", "one"] = [1, 2]
    asked = {"dag_id": "shop", "run_id": "one"}
    assert values.answer(JOB, "run_results", asked) == {"load": LARGE, "each": [1, 2]}
