"""Sign-in at another place by OpenID Connect, against a real one on a port of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from scheduler.operations.accounts import create_account, roles_of, set_active
from scheduler.operations.oidc import roles_for
from scheduler.store import Database
from tests.webui.conftest import HERE, Browser, StillClock, build
from tests.webui.openid_place import CLIENT, SECRET, Place, open_place
from webui.context import OpenId

ADA = {"sub": "17", "preferred_username": "ada", "groups": ["data", "others"]}


@dataclass
class Door:
    """An application that knows the place, and the place."""

    place: Place
    browser: Browser
    db: Database

    def go(self, target: str = "/runs") -> str:
        """Go to the place and sign in there; return the address by which one comes back."""
        away = self.browser.get(f"/sign-in/oidc?next={target}")
        assert away.status_code == 302
        assert away.headers["Location"].startswith(f"{self.place.issuer}/authorize?")
        back = requests.get(away.headers["Location"], allow_redirects=False, timeout=10)
        assert back.headers["Location"].startswith(f"{HERE}/sign-in/oidc/callback?")
        parts = urlsplit(back.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, **claims: object) -> TestResponse:
        self.place.claims = ADA | claims
        return self.browser.get(self.go())


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with open_place() as opened:
        yield opened


@pytest.fixture
def door(place: Place, db: Database, clock: StillClock) -> Door:
    place.forged_with = None
    openid = OpenId(
        issuer=place.issuer,
        client_id=CLIENT,
        client_secret=SECRET,
        scopes="openid profile",
        name_claim="preferred_username",
        groups_claim="groups",
        roles=("data=User@tag:shop", "bosses=Admin"),
        label="the place",
    )
    return Door(place, Browser(build(db, clock, openid=openid).test_client()), db)


def _roles(door: Door) -> tuple[str, ...]:
    with door.db.read() as session:
        return roles_of(session, ["ada"]).get("ada", ())


def test_whoever_signs_in_there_has_an_account_with_the_roles_of_their_groups(door: Door) -> None:
    answer = door.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs")
    assert door.browser.get("/dags/orders_hourly").status_code == 200
    assert door.browser.get("/dags/warehouse_sync").status_code == 404
    door.browser.post("/sign-out")
    door.sign_in(groups=["bosses"])
    assert _roles(door) == ("Admin",)
    assert door.browser.get("/dags/warehouse_sync").status_code == 200


def test_who_has_left_all_groups_keeps_no_role_by_what_is_still_open(door: Door) -> None:
    door.sign_in(groups=["bosses"])
    other = Browser(door.browser.client.application.test_client())
    old, door.browser = door.browser, other
    assert door.sign_in(groups=["others"]).status_code == 403
    assert _roles(door) == ()
    assert old.get("/dags").status_code == 403


def test_who_has_no_role_an_other_name_or_is_disabled_is_not_let_in(door: Door, clock: StillClock) -> None:
    refused = door.sign_in(groups=["others"])
    assert (refused.status_code, "No group that you are in" in refused.text) == (403, True)
    with door.db.write() as session:
        create_account(session, clock.now(), "root", roles=["Admin"], password="correct horse", actor="cli")
    refused = door.sign_in(preferred_username="root")
    assert (refused.status_code, "who signs in otherwise" in refused.text) == (403, True)
    assert door.sign_in().status_code == 303
    door.browser.post("/sign-out")
    with door.db.write() as session:
        set_active(session, clock.now(), "ada", is_active=False, actor="cli")
    assert door.sign_in().status_code == 403
    assert door.browser.get("/dags").status_code == 302


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "http://evil.example"}, {"exp": 1}, {"sub": None}],
)
def test_a_token_that_was_made_for_something_else_opens_nothing(
    door: Door, claims: dict[str, object]
) -> None:
    assert door.sign_in(**claims).status_code == 403
    assert door.browser.get("/dags").status_code == 302


def test_a_token_that_the_place_did_not_sign_opens_nothing(door: Door) -> None:
    door.place.forged_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert door.sign_in().status_code == 403


def test_a_way_back_works_once_and_for_the_browser_that_left(door: Door, clock: StillClock) -> None:
    door.place.claims = ADA
    back = door.go()
    assert Browser(door.browser.client.application.test_client()).get(back).status_code == 403
    assert door.browser.get(back).status_code == 303
    door.browser.post("/sign-out")
    assert door.browser.get(back).status_code == 403


def test_a_place_that_does_not_answer_is_told_at_the_door(db: Database, clock: StillClock) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        openid = OpenId(
            issuer=f"http://127.0.0.1:{silent.getsockname()[1]}", client_id="x", client_secret="x" * 8,
            scopes="openid", name_claim="sub", groups_claim="groups", roles=(), label="nowhere",
        )  # fmt: skip
        browser = Browser(build(db, clock, openid=openid).test_client())
        assert "Sign in with nowhere" in browser.get("/sign-in").text
        answer = browser.get("/sign-in/oidc")
    assert (answer.status_code, "did not work out" in answer.text) == (403, True)


def test_roles_follow_from_groups_and_a_star_is_everybody() -> None:
    mapping = ["data team=User@team:data", "admins=Admin", "*=Viewer"]
    assert roles_for({"data team"}, mapping) == ["User@team:data", "Viewer"]
    assert roles_for(set(), mapping) == ["Viewer"]
    assert roles_for({"x"}, mapping[:2]) == []
