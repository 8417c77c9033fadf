"""Pages in the language of their reader."""

from __future__ import annotations

import re
from html import unescape

import pytest

from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock, build

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        (GERMAN, "de"),
        ({"Accept-Language": "fr, en;q=0.5"}, "en"),
        ({"Accept-Language": "*"}, "en"),
        ({"Accept-Language": "nonsense;q=x,,"}, "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(
    stranger: Browser, headers: dict[str, str], language: str
) -> None:
    page = stranger.get("/sign-in", **headers)
    assert f'<html lang="{language}"' in page.text
    assert {"Accept-Language", "Cookie"} <= set(page.vary.as_set(preserve_casing=True))


def test_what_a_reader_chose_counts_more_than_what_their_browser_asks_for(stranger: Browser) -> None:
    stranger.client.set_cookie("dirigent_language", "en", domain="127.0.0.1")
    assert '<html lang="en" data-language="en"' in stranger.get("/sign-in", **GERMAN).text
    stranger.client.set_cookie("dirigent_language", "tlh", domain="127.0.0.1")
    assert '<html lang="de" data-language=""' in stranger.get("/sign-in", **GERMAN).text


def test_a_server_is_set_to_a_language(db: Database, clock: StillClock) -> None:
    app = build(db, clock, language="de")
    stranger = Browser(app.test_client())
    assert '<html lang="de"' in stranger.get("/sign-in").text
    assert '<html lang="en"' in stranger.get("/sign-in", **{"Accept-Language": "en"}).text


def test_languages_take_turns_in_one_application(person: Browser) -> None:
    pages = [person.get("/dags", **headers).text for headers in ({}, GERMAN, {}, GERMAN)]
    assert ["Skip to content" in page for page in pages] == [True, False, True, False]
    assert ["Zum Inhalt" in page for page in pages] == [False, True, False, True]


def test_a_part_of_a_page_is_sent_again_in_another_language(person: Browser) -> None:
    english = person.get("/dags", **{"X-Fragment": "live"})
    again = {"X-Fragment": "live", "If-None-Match": english.headers["ETag"]}
    assert person.get("/dags", **again).status_code == 304
    assert person.get("/dags", **again, **GERMAN).status_code == 200


def test_the_browser_is_told_where_to_find_its_own_words(stranger: Browser) -> None:
    page = stranger.get("/sign-in", **GERMAN).text
    address = re.search(r'data-words="([^"]+)"', page)
    assert address is not None
    answer = stranger.get(unescape(address[1]))
    said = answer.get_json()
    assert "immutable" in answer.headers["Cache-Control"]
    assert "now" in said["texts"]
    assert said["forms"].startswith("101")
    assert "data-words" not in stranger.get("/sign-in").text
    assert stranger.get("/ui/words?language=../de").status_code == 404


def test_the_api_speaks_english(person: Browser) -> None:
    asked = "/api/v2/dags/nothing_of_that_name"
    assert person.get(asked, **GERMAN).json == person.get(asked).json
