"""Writes that their callers repeat with the same `Idempotency-Key`."""

from __future__ import annotations

from scheduler.core.scopes import Scope
from scheduler.security.rights import Grant, Right
from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock
from tests.webui.test_api import RUNS, call
from webui.api.frame.repeats import granted

POOLS = "/api/v2/pools"
KEY = {"Idempotency-Key": "order 7"}
GPU = {"name": "gpu", "slots": 2}


def test_a_repetition_is_answered_as_the_first_time_and_not_done_again(person: Browser) -> None:
    first = call(person, "POST", POOLS, GPU, **KEY)
    again = call(person, "POST", POOLS, GPU, **KEY)
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert call(person, "POST", POOLS, GPU).status_code == 409
    gone = [call(person, "DELETE", f"{POOLS}/gpu", **KEY).status_code for _ in range(2)]
    assert gone == [204, 204], "the same key at another address is another"


def test_a_key_of_another_request_is_refused(person: Browser) -> None:
    call(person, "POST", POOLS, GPU, **KEY)
    other = call(person, "POST", POOLS, {**GPU, "slots": 3}, **KEY)
    assert other.status_code == 422
    assert "another request" in other.get_json()["detail"][0]["msg"]
    assert call(person, "POST", POOLS, GPU, **{"Idempotency-Key": "x" * 256}).status_code == 422


def test_what_was_refused_may_be_sent_again_and_a_day_later_the_key_is_free(
    person: Browser, clock: StillClock
) -> None:
    call(person, "POST", POOLS, GPU)
    assert call(person, "POST", POOLS, GPU, **KEY).status_code == 409
    call(person, "DELETE", f"{POOLS}/gpu")
    assert call(person, "POST", POOLS, GPU, **KEY).status_code == 201
    call(person, "DELETE", f"{POOLS}/gpu")
    clock.pass_time(hours=24)
    assert call(person, "POST", POOLS, GPU, **KEY).status_code == 201


def test_while_the_first_is_being_answered_a_repetition_is_told_so(person: Browser, db: Database) -> None:
    call(person, "POST", POOLS, GPU, **KEY)
    with db.write() as session:
        session.exec_driver_sql("UPDATE kept_answer SET status = NULL, answer = NULL")
    again = call(person, "POST", POOLS, GPU, **KEY)
    assert (again.status_code, "not known (yet)" in again.get_json()["detail"]) == (409, True)


def test_of_many_writes_in_one_request_the_key_counts_for_all(person: Browser) -> None:
    body = {"actions": [{"action": "create", "entities": [GPU, {"name": "cpu", "slots": 1}]}]}
    first, again = (call(person, "PATCH", POOLS, body, **KEY) for _ in range(2))
    assert again.json == first.json
    assert first.get_json()["create"] == {"success": ["gpu", "cpu"], "errors": []}


def test_runs_that_are_deleted_in_one_request_are_not_missed_by_its_repetition(person: Browser) -> None:
    trigger = call(person, "POST", RUNS, {"logical_date": None}).get_json()
    call(person, "PATCH", f"{RUNS}/{trigger['dag_run_id']}", {"state": "failed"})
    body = {"actions": [{"action": "delete", "entities": [trigger["dag_run_id"]]}]}
    first, again = (call(person, "PATCH", RUNS, body, **KEY) for _ in range(2))
    assert len(first.get_json()["delete"]["success"]) == 1
    assert again.json == first.json


def test_what_was_answered_rests_encrypted(person: Browser, db: Database) -> None:
    call(person, "POST", "/api/v2/variables", {"key": "place", "value": "Lisbon"}, **KEY)
    with db.read() as session:
        [(kept,)] = session.exec_driver_sql("SELECT answer FROM kept_answer").all()
    assert b"Lisbon" not in bytes(kept)
    assert bytes(kept).startswith(b"gAAAA")


def test_rights_are_compared_whatever_the_order_of_a_set_is_in_a_process() -> None:
    tags, rights = [f"tag {number}" for number in range(100)], list(Right)
    one, other = (
        [Grant(frozenset(rights[::step]), Scope(tags=frozenset(tags[::step]))), Grant(frozenset())][::step]
        for step in (1, -1)
    )
    assert repr(one[0].scope.tags) != repr(other[1].scope.tags)
    assert granted(one) == granted(other)
    assert granted(one) != granted(one[:1])
