"""How the pages look is somebody's own choice, and goes with them to another browser."""

from __future__ import annotations

from flask import Flask

from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock
from tests.webui.test_accounts import add, enter


def test_an_account_finds_its_looks_in_another_browser(app: Flask, db: Database, clock: StillClock) -> None:
    for name in ("ada", "bob"):
        add(db, clock, name, "Viewer")
    here, _ = enter(app, "ada")
    chosen = {"theme": "dark", "list": "cards", "language": "de", "zone": "utc", "density": "compact"}
    for name, value in chosen.items():
        assert here.post("/account/looks", name=name, value=value).status_code == 204
    there, _ = enter(app, "ada")
    there.client.set_cookie("dirigent_theme", "light", domain="127.0.0.1")
    text = there.get("/dags").text
    assert 'lang="de" data-language="de"' in text
    assert 'data-theme="dark"' in text
    assert 'data-density="compact"' in text
    assert 'class="dag-cards"' in text
    assert "Tabelle" in text
    here.post("/account/looks", name="language", value="")
    assert 'lang="en" data-language=""' in there.get("/dags").text
    other, _ = enter(app, "bob")
    assert 'data-theme="auto"' in other.get("/dags").text


def test_who_came_by_a_link_keeps_looks_in_the_browser_alone(person: Browser) -> None:
    assert person.post("/account/looks", name="theme", value="dark").status_code == 204
    assert 'data-theme="auto"' in person.get("/dags").text


def test_what_is_no_look_is_refused(app: Flask, db: Database, clock: StillClock) -> None:
    add(db, clock, "ada", "Viewer")
    ada, _ = enter(app, "ada")
    for name, value in (("theme", "<b>"), ("colour", "dark"), ("", "")):
        assert ada.post("/account/looks", name=name, value=value).status_code == 400
