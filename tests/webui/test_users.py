"""The pages of users, tokens and the record."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock
from tests.webui.test_accounts import PASSWORD, add, call, enter


def _create(person: Browser, **given: str) -> int:
    made = {"username": "ada", "roles": "User@tag:shop", "password": PASSWORD} | given
    return person.post("/users/new", **made).status_code


def test_somebody_is_created_changed_and_deleted(app: Flask, person: Browser) -> None:
    assert 'href="/users" aria-current="page"' in person.get("/users").text
    assert _create(person) == 303
    assert "User@tag:shop" in person.get("/users").text
    theirs, _ = enter(app, "ada")
    assert theirs.get("/dags/warehouse_sync").status_code == 404
    assert theirs.get("/users").status_code == 403
    assert 'href="/users"' not in theirs.get("/dags").text
    assert person.post("/users/ada/change", roles="Op Viewer", is_active="on").status_code == 303
    assert theirs.get("/dags/warehouse_sync").status_code == 200
    assert person.post("/users/ada/change", roles="Op Viewer").status_code == 303
    assert theirs.get("/dags").status_code == 302
    assert "disabled" in person.get("/users").text
    assert "sessions and tokens end" in person.get("/users/ada/delete").text
    assert person.post("/users/ada/delete").status_code == 303
    assert person.get("/users/ada/change").status_code == 404


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"password": "zx"}, "A password has 8 to 1000 characters"),
        ({"roles": "Chief"}, "There is no role"),
        ({"roles": " "}, "Give at least one role"),
        ({"username": "a b"}, "is not allowed"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost_but_the_password(
    person: Browser, given: dict[str, str], words: str
) -> None:
    made = {"username": "ada", "roles": "User", "password": PASSWORD} | given
    answer = person.post("/users/new", **made)
    assert answer.status_code == 400
    assert words in answer.text
    assert f'value="{made["username"]}"' in answer.text
    assert made["password"] not in answer.text


def test_a_token_is_shown_once_and_revoked(app: Flask, person: Browser) -> None:
    _create(person)
    made = person.post("/users/ada/token", name="nightly", days="30", right="dag.read")
    found = re.search(r"<code>(dirigent_[\w-]+)</code>", made.text)
    assert found is not None
    assert call(app, found[1], "GET", "/api/v2/dags/orders_hourly").status_code == 200
    assert call(app, found[1], "GET", "/dags/orders_hourly/trigger").status_code == 403
    assert found[1] not in person.get("/users").text
    assert person.post("/users/tokens/1/revoke").status_code == 303
    assert call(app, found[1], "GET", "/api/v2/dags/orders_hourly").status_code == 401
    assert person.post("/users/ada/token", name="x", days="0").status_code == 400
    assert person.get("/users/eve/token").status_code == 404


def test_the_record_shows_who_did_what_and_who_was_refused(
    app: Flask, db: Database, clock: StillClock, person: Browser
) -> None:
    token = add(db, clock, "eve", "Viewer")
    call(app, token, "POST", "/dags/orders_hourly/pause")
    person.post("/dags/orders_hourly/pause", is_paused="true")
    shown = person.get("/audit").text
    assert "POST pause.flip 403 by token from 127.0.0.1" in shown
    assert "user:owner" in shown
    narrowed = person.get("/audit?kind=request&actor=eve").text
    assert "user:eve" in narrowed
    assert "user:owner" not in narrowed.partition('id="audit"')[2]
    assert call(app, token, "GET", "/audit").status_code == 403
