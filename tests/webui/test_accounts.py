"""Coming in by name and password or by a token, over the real application."""

from __future__ import annotations

import json
from collections.abc import Sequence
from queue import Queue
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from scheduler.operations.accounts import create_account, set_active, set_password, set_roles
from scheduler.operations.api_tokens import create_token
from scheduler.store import Database
from scheduler.store.tables import dag_run, event
from tests.webui.conftest import HERE, Browser, StillClock, build

PASSWORD = "correct horse"


def add(db: Database, clock: StillClock, name: str, *roles: str, password: str | None = PASSWORD) -> str:
    """Create an account; return a token of it."""
    with db.write() as session:
        create_account(session, clock.now(), name, roles=roles, password=password, actor="cli")
        return create_token(session, clock.now(), name, "t", lasts=None, actor="cli").token


def enter(app: Flask, name: str, password: str = PASSWORD, **more: str) -> tuple[Browser, TestResponse]:
    browser = Browser(app.test_client())
    return browser, browser.post("/sign-in/password", username=name, password=password, **more)


def call(app: Flask, token: str, method: str, address: str, **more: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().open(address, method=method, headers=headers, base_url=HERE, **more)


def events(db: Database, kinds: Sequence[str]) -> list[tuple[str, str, str]]:
    columns = (event.c.kind, event.c.actor, event.c.reason)
    with db.read() as session:
        found = session.execute(sa.select(*columns).where(event.c.kind.in_(kinds)).order_by(event.c.id))
        return [(each.kind, each.actor, each.reason) for each in found]


def test_who_has_an_account_comes_in_by_name_and_password_and_goes_where_they_wanted(
    app: Flask, db: Database, clock: StillClock
) -> None:
    add(db, clock, "ada", "Viewer")
    browser, answer = enter(app, "ada", next="/runs?state=failed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs?state=failed")
    assert browser.get("/dags").status_code == 200
    assert browser.get("/dags/orders_hourly/trigger").status_code == 403
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/dags").status_code == 302


def test_the_door_asks_for_a_password_where_there_are_accounts(
    app: Flask, db: Database, clock: StillClock, stranger: Browser
) -> None:
    assert 'name="password"' not in stranger.get("/sign-in").text
    add(db, clock, "ada", "Viewer")
    assert 'name="password"' in stranger.get("/sign-in").text


def test_a_wrong_name_and_a_wrong_password_look_the_same(app: Flask, db: Database, clock: StillClock) -> None:
    add(db, clock, "ada", "Viewer")
    pages = [enter(app, name, word)[1] for name, word in [("ada", "wrong word"), ("eve", PASSWORD)]]
    assert {page.status_code for page in pages} == {403}
    assert pages[0].text.replace("ada", "") == pages[1].text.replace("eve", "")
    answers = [
        app.test_client().post("/auth/token", json={"username": name, "password": word}, base_url=HERE)
        for name, word in [("ada", "wrong word"), ("eve", PASSWORD)]
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_too_many_tries_are_told_so(app: Flask, db: Database, clock: StillClock) -> None:
    add(db, clock, "ada", "Viewer")
    for _ in range(5):
        assert enter(app, "ada", "wrong word")[1].status_code == 403
    assert enter(app, "ada")[1].status_code == 429
    answer = app.test_client().post(
        "/auth/token", json={"username": "ada", "password": PASSWORD}, base_url=HERE
    )
    assert answer.status_code == 429


def test_a_session_ends_with_what_ends_it_and_rights_count_at_once(
    app: Flask, db: Database, clock: StillClock
) -> None:
    add(db, clock, "ada", "User")
    browser, _ = enter(app, "ada")
    assert browser.get("/dags/orders_hourly/trigger").status_code == 200
    with db.write() as session:
        set_roles(session, clock.now(), "ada", ["Viewer"], actor="cli")
    assert browser.get("/dags/orders_hourly/trigger").status_code == 403
    with db.write() as session:
        set_password(session, clock.now(), "ada", "another horse", actor="cli")
    assert browser.get("/dags").status_code == 302
    again, _ = enter(app, "ada", "another horse")
    with db.write() as session:
        set_active(session, clock.now(), "ada", is_active=False, actor="cli")
    assert again.get("/dags").status_code == 302
    assert enter(app, "ada", "another horse")[1].status_code == 403


def test_a_token_is_made_for_name_and_password_as_clients_of_airflow_ask(
    app: Flask, db: Database, clock: StillClock
) -> None:
    add(db, clock, "ada", "User")
    token = ""
    for address in ("/auth/token", "/auth/token/cli"):
        given = {"username": "ada", "password": PASSWORD}
        answer = app.test_client().post(address, json=given, base_url=HERE)
        assert answer.status_code == 201
        assert set(answer.json or {}) == {"access_token"}
        token = (answer.json or {})["access_token"]
        assert call(app, token, "GET", "/api/v2/dags").status_code == 200
    clock.pass_time(hours=2)
    assert call(app, token, "GET", "/api/v2/dags").status_code == 401


def test_a_token_writes_without_the_token_of_a_page_and_needs_no_cookie(
    app: Flask, db: Database, clock: StillClock
) -> None:
    token = add(db, clock, "ada", "User")
    answer = call(app, token, "PATCH", "/api/v2/dags/orders_hourly", json={"is_paused": True})
    assert (answer.status_code, (answer.json or {})["is_paused"]) == (200, True)
    assert "Set-Cookie" not in answer.headers
    viewer = add(db, clock, "eve", "Viewer")
    answer = call(app, viewer, "PATCH", "/api/v2/dags/orders_hourly", json={"is_paused": False})
    assert answer.status_code == 403
    assert "dag.edit" in (answer.json or {})["detail"]


@pytest.mark.parametrize("given", ["Bearer dirigent_guess", "Bearer ", "Basic YWRhOmNvcnJlY3QgaG9yc2U=", "x"])
def test_what_is_no_token_opens_nothing_and_not_by_a_cookie_either(person: Browser, given: str) -> None:
    answer = person.client.get("/api/v2/dags", headers={"Authorization": given}, base_url=HERE)
    assert answer.status_code == 401


def test_writes_and_refusals_are_on_record_with_who_and_from_where(
    app: Flask, db: Database, clock: StillClock
) -> None:
    token = add(db, clock, "ada", "Viewer@dag:orders_hourly")
    call(app, token, "POST", "/dags/orders_hourly/pause")
    call(app, "dirigent_guess", "GET", "/dags")
    enter(app, "ada", "wrong word")
    enter(app, "ada")[0].post("/sign-out")
    assert events(db, ["request.refused", "request.written", "user.refused", "user.signed_in"]) == [
        ("request.refused", "user:ada", "POST pause.flip 403 by token from 127.0.0.1"),
        ("request.refused", "stranger", "GET dags.show 401 by nobody from 127.0.0.1"),
        ("user.refused", "user:ada", "sign-in from 127.0.0.1"),
        ("request.refused", "stranger", "POST sign_in.prove 403 by nobody from 127.0.0.1"),
        ("user.signed_in", "user:ada", "password"),
        ("request.written", "user:ada", "POST sign_in.leave 303 by password from 127.0.0.1"),
    ]
    assert PASSWORD not in str(events(db, ["request.refused", "request.written", "user.refused"]))


def test_who_waits_for_a_run_and_is_disabled_hears_no_more_of_it(
    app: Flask, db: Database, clock: StillClock
) -> None:
    token = add(db, clock, "ada", "Viewer")
    with db.read() as session:
        query = sa.select(dag_run.c.dag_id, dag_run.c.run_id).where(dag_run.c.state == "running").limit(1)
        dag_id, run_id = session.execute(query).one()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/x-ndjson"}
    address = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/wait?interval=0.01"
    feeds: list[Any] = []

    def take(feed: Any) -> bool:
        feeds.append(feed)
        return True

    server = {"dirigent.hand_over": take}
    answer = app.test_client().get(address, headers=headers, base_url=HERE, environ_overrides=server)
    assert answer.status_code == 200
    heard: Queue[bytes | None] = Queue()

    def end(last: bytes = b"") -> None:
        heard.put(last)
        heard.put(None)

    feeds[0].attach(heard.put, end)
    assert heard.get(timeout=30) == b'{"state": "running"}\n'
    with db.write() as session:
        set_active(session, clock.now(), "ada", is_active=False, actor="cli")
        session.execute(sa.update(dag_run).where(dag_run.c.run_id == run_id).values(state="failed"))
    *states, last = iter(lambda: heard.get(timeout=30), None)
    assert set(states) <= {b'{"state": "running"}\n'}
    assert json.loads(last)["status"] == 403


def test_a_new_password_ends_the_tokens_that_the_old_one_made_and_no_other(
    app: Flask, db: Database, clock: StillClock
) -> None:
    lasting = add(db, clock, "ada", "Viewer")
    given = {"username": "ada", "password": PASSWORD}
    made = [
        (app.test_client().post(address, json=given, base_url=HERE).json or {})["access_token"]
        for address in ("/auth/token", "/auth/token/cli")
    ]
    with db.write() as session:
        set_password(session, clock.now(), "ada", "another horse", actor="cli")
    answers = [call(app, token, "GET", "/api/v2/dags").status_code for token in (lasting, *made)]
    assert answers == [200, 401, 401]


def test_what_strangers_send_stands_on_record_as_plain_lines(
    app: Flask, db: Database, clock: StillClock
) -> None:
    token = add(db, clock, "ada", "Viewer")
    call(app, token, "POST", "/dags/%1b%5b2J%e2%80%ae%0aeve/pause")
    call(app, token, "POST", "/users/%00/delete")
    enter(app, "\x1b[2J\u202eeve\0", "wrong word")
    given = {"username": "\x1b[2J\u202eeve", "password": "wrong word"}
    app.test_client().post("/auth/token", json=given, base_url=HERE)
    with db.read() as session:
        kept = session.execute(sa.select(event.c.dag_id, event.c.actor, event.c.reason)).all()
    assert all(text.isprintable() for row in kept for text in row if text)
    assert "user:?[2J?eve" in [row.actor for row in kept]
    assert "?[2J??eve" in [row.dag_id for row in kept]


@pytest.mark.parametrize("text", ["a\0b", "half \ud800"])
def test_a_name_or_password_that_nobody_can_have_is_refused_in_words(app: Flask, text: str) -> None:
    for given in ({"username": text, "password": "x"}, {"username": "ada", "password": text}):
        answer = app.test_client().post("/auth/token", json=given, base_url=HERE)
        assert answer.status_code == 422
        assert "NUL character" in answer.text


def test_strangers_cannot_fill_the_record(app: Flask, db: Database) -> None:
    for _ in range(60):
        call(app, "dirigent_guess", "GET", "/api/v2/version")
    assert len(events(db, ["request.refused"])) == 50


def test_beyond_loopback_a_server_is_called_by_its_numbers_and_its_own_name(
    db: Database, clock: StillClock
) -> None:
    client = build(db, clock, is_public=True, base_url="https://dirigent.example").test_client()
    for name, status in [("192.0.2.1:8080", 200), ("dirigent.example", 200), ("evil.example", 421)]:
        assert client.get("/health", headers={"Host": name}, base_url=HERE).status_code == status
