"""Connections that a worker is to try out: who may ask, who may hear, and what goes with it."""

from __future__ import annotations

from typing import Any

from scheduler.operations.connection_trials import fields_of, finish_trial, take_trials
from scheduler.security.encryption import FernetCipher
from scheduler.store import Database
from scheduler.store.connections import Connection, get_connection, put_connection
from scheduler.store.teams import give_to_team, teams_of
from tests.webui.api.test_client import TRIALS
from tests.webui.conftest import HERE, SECRET_KEY, Browser, StillClock, build, sign_in
from tests.webui.test_accounts import add
from tests.webui.test_api import call

ADDRESS = "/api/v2/connections/enqueue-test"
CIPHER = FernetCipher(SECRET_KEY)
STORED = Connection(
    conn_id="shop", conn_type="postgres", host="old", password="numbat", extra='{"token": "okapi"}'
)
ASKED = {"connection_id": "shop", "conn_type": "postgres", "host": "new", "password": "***"}


def asker(db: Database, clock: StillClock) -> Browser:
    return sign_in(build(db, clock, trials=TRIALS), db, clock.now())


def state_of(person: Browser, token: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(ADDRESS, **{"Airflow-Connection-Test-Token": token}).get_json()
    return found


def test_what_is_masked_is_tried_out_as_it_is_stored_and_stored_where_it_works(
    db: Database, clock: StillClock
) -> None:
    with db.write() as session:
        put_connection(session, clock.now(), CIPHER, STORED)
        give_to_team(session, "connection", "shop", "stock")
    person = asker(db, clock)
    asked = call(person, "POST", ADDRESS, {**ASKED, "commit_on_success": True, "queue": "gpu"})
    token = asked.get_json()["token"]
    assert (asked.status_code, state_of(person, token)["state"]) == (202, "pending")
    with db.write() as session:
        [trial] = take_trials(session, clock.now(), worker_id="w", queues=["gpu"], limit=9)
        fields = fields_of(CIPHER, trial)
        assert (fields["host"], fields["password"], fields["extra"]) == ("new", "numbat", STORED.extra)
        finish_trial(session, clock.now(), CIPHER, trial, "w", is_ok=True, message="It works.")
    told = state_of(person, token)
    assert (told["state"], told["result_message"]) == ("success", "It works.")
    with db.read() as session:
        stored = get_connection(session, CIPHER, "shop")
        assert teams_of(session, "connection", ["shop"]) == {"shop": "stock"}
    assert stored is not None
    assert (stored.host, stored.password) == ("new", "numbat")


def test_who_asks_for_what_they_may_not_or_cannot_have_is_told_why(db: Database, clock: StillClock) -> None:
    off = sign_in(build(db, clock), db, clock.now())
    assert "DIRIGENT_CONNECTION_TEST is off" in call(off, "POST", ADDRESS, ASKED).get_json()["detail"]
    person = asker(db, clock)
    with db.write() as session:
        put_connection(session, clock.now(), CIPHER, STORED)
    refusals: list[tuple[dict[str, Any], int, str]] = [
        ({"executor": "CeleryExecutor"}, 400, "no executors to choose from"),
        ({"team_name": "stock"}, 403, "is not of team"),
        ({"queue": " "}, 400, "queue"),
        ({"port": 99_999}, 400, "port"),
    ]
    for more, status, words in refusals:
        answer = call(person, "POST", ADDRESS, {**ASKED, **more})
        assert (answer.status_code, words in answer.get_json()["detail"]) == (status, True), more
    assert person.get(ADDRESS).status_code == 422, "without a token"


def test_a_trial_is_told_of_to_whoever_asked_and_only_so_many_wait(db: Database, clock: StillClock) -> None:
    person = asker(db, clock)
    answers = [call(person, "POST", ADDRESS, {**ASKED, "connection_id": f"c{each}"}) for each in range(11)]
    assert [each.status_code for each in answers] == [202] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "5"
    assert "10 connections of yours" in answers[-1].get_json()["detail"]
    token = answers[0].get_json()["token"]
    client = build(db, clock, trials=TRIALS).test_client()
    for name, count in (("eve", 10), ("ida", 0)):
        headers = {"Authorization": f"Bearer {add(db, clock, name, 'Admin', password=None)}"}
        more = {"headers": headers, "base_url": HERE}
        found = client.get(ADDRESS, **more | {"headers": {**headers, "Airflow-Connection-Test-Token": token}})
        assert found.status_code == 404
        bodies = [{**ASKED, "connection_id": f"{name}{each}"} for each in range(11)]
        others = [client.post(ADDRESS, json=body, **more).status_code for body in bodies]
        assert others == [202] * count + [429] * (11 - count), "20 in all"
    clock.pass_time(minutes=1)
    assert state_of(person, token)["result_message"].startswith("No worker that tries connections out takes")
