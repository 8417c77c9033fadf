"""Pages in the language of their reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from gettext import c2py
from html import unescape

import pytest
from flask import Flask

from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock, build
from tests.webui.seed import NOW
from tests.webui.test_pages import FAILED_RUN
from webui import words
from webui.tongues.catalogue import load
from webui.tongues.speaking import choose, ngettext

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


@pytest.fixture
def german(app: Flask) -> Iterator[None]:
    with app.test_request_context("/dags", headers=GERMAN):
        choose()
        yield


@pytest.mark.usefixtures("german")
def test_german_writes_numbers_spans_and_days_its_own_way() -> None:
    assert [words.span(seconds) for seconds in (0.8, 14, 7200)] == ["0,8 s", "14 s", "2 h"]
    assert [words.number(1234), words.size(1_500_000), words.work(4_444_440)] == [
        "1.234",
        "1,5 MB",
        "1.234,6 h",
    ]
    assert words.percent(0.025) == "2,5 %"
    assert words.relative(NOW - timedelta(minutes=2), NOW) == "vor 2 min"
    assert words.relative(NOW + timedelta(minutes=12), NOW) == "in 12 min"


@pytest.mark.usefixtures("german")
def test_german_names_days_states_and_schedules() -> None:
    days = [words.clock(NOW - timedelta(days=back), NOW) for back in (0, 1, 20, 400)]
    assert [day.rpartition(" ")[0] for day in days] == ["heute", "gestern", "1. Nov.", "17. Okt. 2025"]
    assert [words.state(name) for name in ("none", "up_for_retry", "success")] == [
        "nicht gestartet",
        "neuer Versuch",
        "erfolgreich",
    ]
    assert [words.cron(cron) for cron in ("@daily", "5 * * * *", "0 6 * * *")] == [
        "jeden Tag um 00:00",
        "jede Stunde, um :05",
        "jeden Tag um 06:00",
    ]


@pytest.mark.usefixtures("german")
def test_german_has_one_text_for_one_and_one_for_many() -> None:
    assert [ngettext("%(num)s task", "%(num)s tasks", count) for count in (0, 1, 2, 1101)] == [
        "0 Aufgaben",
        "1 Aufgabe",
        "2 Aufgaben",
        "1.101 Aufgaben",
    ]


def test_what_a_text_is_filled_with_is_escaped(app: Flask) -> None:
    source = "{{ _('group %(name)s', name=name) }} {% trans name %}<b>There is no pool {{ name }},</b>{% endtrans %}"
    with app.test_request_context("/dags"):
        said = app.jinja_env.from_string(source).render(name="<i>")
    assert said == "group &lt;i&gt; <b>There is no pool &lt;i&gt;,</b>"


def test_outside_of_a_request_english_is_spoken(person: Browser) -> None:
    assert "Zum Inhalt" in person.get("/dags", **GERMAN).text
    assert words.state("none") == "not started"


@pytest.mark.parametrize(
    ("forms", "counts"),
    [("n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2", (1, 2, 5, 22, 112, 1102))],
)
def test_a_plural_form_comes_round_by_the_hundred(forms: str, counts: tuple[int, ...]) -> None:
    form = c2py(forms)
    polish = replace(load("de"), forms="".join(str(form(count)) for count in range(200)))
    assert [polish.plural_form(count) for count in counts] == [form(count) for count in counts]


def test_nothing_is_said_as_nothing(person: Browser) -> None:
    assert load("de").gettext("") == ""
    assert "Project-Id-Version" not in person.get(f"{FAILED_RUN}/tasks/enrich.prices/events", **GERMAN).text


def test_a_worker_works_otherwise_than_a_channel(person: Browser) -> None:
    assert "</b> arbeitet<br>" in person.get("/workers", **GERMAN).text
