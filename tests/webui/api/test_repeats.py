"""Writes that their callers repeat with the same `Idempotency-Key`."""

from __future__ import annotations

from random import Random

import sqlalchemy as sa

from scheduler.core.scopes import Scope
from scheduler.errors import Conflict
from scheduler.operations.pools import set_pool
from scheduler.security.rights import Grant, Right
from scheduler.store import Database
from scheduler.store.kept_answers import MOST
from scheduler.store.tables import kept_answer
from tests.webui import seed
from tests.webui.conftest import Browser, StillClock, build, sign_in
from tests.webui.test_api import RUNS, call
from tests.webui.test_pages import FAILED_RUN_ID
from webui.api.frame import Routes
from webui.api.frame.repeats import granted
from webui.context import now, writing
from webui.rights import needs

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


def test_an_answer_that_is_not_there_may_come_for_two_minutes_and_then_is_lost(
    person: Browser, db: Database, clock: StillClock
) -> None:
    call(person, "POST", POOLS, GPU, **KEY)
    call(person, "DELETE", f"{POOLS}/gpu")
    with db.write() as session:
        session.exec_driver_sql("UPDATE kept_answer SET status = NULL, answer = NULL")
    soon = call(person, "POST", POOLS, GPU, **KEY)
    assert (soon.status_code, soon.headers["Retry-After"]) == (409, "1")
    assert "is being answered: repeat it" in soon.get_json()["detail"]
    clock.pass_time(minutes=2)
    late = call(person, "POST", POOLS, GPU, **KEY)
    assert (late.status_code, "Retry-After" in late.headers) == (409, False)
    assert "send what is missing with a new key" in late.get_json()["detail"]
    assert person.get(f"{POOLS}/gpu").status_code == 404, "it is never done twice"


def test_an_answer_that_is_too_long_is_not_waited_for(person: Browser) -> None:
    long = {"key": "noise", "value": Random(0).randbytes(100_000).hex()}
    assert call(person, "POST", "/api/v2/variables", long, **KEY).status_code == 201
    again = call(person, "POST", "/api/v2/variables", long, **KEY)
    assert (again.status_code, "Retry-After" in again.headers) == (409, False)
    assert "answered 201, at more length than is kept" in again.get_json()["detail"]


def test_a_write_that_is_refused_halfway_is_refused_the_same_again(db: Database, clock: StillClock) -> None:
    app = build(db, clock)
    routes = Routes("halfway", "/api/v2/halfway", tag="Test")

    @routes.post("")
    @needs()
    def write_and_refuse() -> None:
        """Write, and then refuse."""
        writing(lambda session: set_pool(session, now(), "gpu", 1, actor="cli"))
        raise Conflict("The rest cannot be.")

    app.register_blueprint(routes.blueprint)
    person = sign_in(app, db, clock.now())
    first, again = (call(person, "POST", "/api/v2/halfway", **KEY) for _ in range(2))
    assert (first.status_code, again.status_code, again.json) == (409, 409, first.json)
    assert (again.content_type, again.headers["Idempotent-Replayed"]) == ("application/problem+json", "true")


def test_a_key_that_cannot_be_taken_refuses_many_writes_as_a_whole(person: Browser, db: Database) -> None:
    body = {"actions": [{"action": "delete", "entities": [FAILED_RUN_ID]}]}
    with db.write() as session:
        of_today = {"account": "owner", "digest": "d", "at": seed.NOW}
        session.execute(sa.insert(kept_answer), [{"key": str(each), **of_today} for each in range(MOST)])
    assert call(person, "PATCH", RUNS, body, **KEY).status_code == 409
    assert person.get(f"{RUNS}/{FAILED_RUN_ID}").status_code == 200


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
