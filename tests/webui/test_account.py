"""The page of one's own password, sessions and tokens."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock
from tests.webui.test_accounts import PASSWORD, add, call, enter, events

NEW = "a longer horse"


def _change(person: Browser, **given: str) -> tuple[int, str]:
    answer = person.post("/account/password", **({"old": PASSWORD, "new": NEW, "again": NEW} | given))
    return answer.status_code, answer.text


def test_a_new_password_ends_all_sessions_but_this_browser_stays(
    app: Flask, db: Database, clock: StillClock
) -> None:
    add(db, clock, "ada", "Viewer")
    here, _ = enter(app, "ada")
    there, _ = enter(app, "ada")
    assert _change(here)[0] == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    assert enter(app, "ada")[1].status_code == 403
    assert enter(app, "ada", NEW)[1].status_code == 303
    assert events(db, ["user.password"]) == [("user.password", "user:ada", "ada")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"old": "guessed it"}, "not your password"),
        ({"again": "another one"}, "differ"),
        ({"new": "short", "again": "short"}, "8 to 1000 characters"),
    ],
)
def test_what_is_no_change_is_said_and_the_old_password_stays(
    app: Flask, db: Database, clock: StillClock, given: dict[str, str], words: str
) -> None:
    add(db, clock, "ada", "Viewer")
    person, _ = enter(app, "ada")
    status, text = _change(person, **given)
    assert (status, words in text) == (400, True)
    assert person.get("/account").status_code == 200
    assert enter(app, "ada")[1].status_code == 303


def test_sessions_of_ones_own_are_listed_and_ended_and_nobody_elses(
    app: Flask, db: Database, clock: StillClock, person: Browser
) -> None:
    add(db, clock, "ada", "Viewer")
    here, _ = enter(app, "ada")
    there, _ = enter(app, "ada")
    others = re.findall(r'name="session" value="(\w+)"', there.get("/account").text)
    assert len(others) == 1
    assert person.post("/account/sessions/end", session=others[0]).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.post("/account/sessions/end", session=others[0]).status_code == 303
    assert here.get("/account").status_code == 302
    enter(app, "ada")
    assert "End all others" in there.get("/account").text
    there.post("/account/sessions/end")
    assert "End all others" not in there.get("/account").text


def test_a_token_of_ones_own_is_revoked_and_is_no_way_to_the_page(
    app: Flask, db: Database, clock: StillClock, person: Browser
) -> None:
    token = add(db, clock, "ada", "Viewer")
    foreign = add(db, clock, "bob", "Viewer")
    assert call(app, token, "GET", "/account").status_code == 403
    ada, _ = enter(app, "ada")
    assert ada.post("/account/tokens/revoke", token_id="2").status_code == 404
    assert call(app, foreign, "GET", "/dags").status_code == 200
    assert ada.post("/account/tokens/revoke", token_id="1").status_code == 303
    assert call(app, token, "GET", "/dags").status_code == 401
    assert "by a link" in person.get("/account").text
    assert _change(person)[0] == 400


def test_a_token_of_ones_own_is_shown_once_and_may_no_more_than_was_chosen(
    app: Flask, db: Database, clock: StillClock, person: Browser
) -> None:
    add(db, clock, "ada", "User")
    ada, _ = enter(app, "ada")
    assert 'value="user.edit"' not in ada.get("/account/tokens/new").text
    made = ada.post("/account/tokens/new", name="reader", days="7", right="dag.read")
    found = re.search(r"dirigent_[\w-]+", made.text)
    assert found is not None
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert call(app, found[0], "GET", "/api/v2/dags").status_code == 200
    assert call(app, found[0], "GET", "/api/v2/pools").status_code == 403
    shown = ada.get("/account").text
    assert ("reader" in shown, found[0] in shown) == (True, False)
    assert events(db, ["token.created"])[-1] == ("token.created", "user:ada", "2 of ada: reader")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"right": "user.edit"}, "You lack user.edit"),
        ({"right": "all"}, "is no right"),
        ({"days": "0"}, "1 to 3660 days"),
        ({"days": "many"}, "1 to 3660 days"),
        ({"name": ""}, "name"),
    ],
)
def test_a_token_that_nobody_may_have_is_refused_and_what_was_typed_stays(
    app: Flask, db: Database, clock: StillClock, person: Browser, given: dict[str, str], words: str
) -> None:
    add(db, clock, "ada", "User")
    ada, _ = enter(app, "ada")
    answer = ada.post("/account/tokens/new", **({"name": "reader", "days": "7"} | given))
    assert (answer.status_code, words in answer.text, "dirigent_" in answer.text) == (400, True, False)
    by_link = person.post("/account/tokens/new", name="reader", days="7")
    assert (by_link.status_code, "came by a link" in by_link.text) == (400, True)
