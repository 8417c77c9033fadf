"""Pages of plugins stand behind the same door as all others; a broken one is told of."""

from __future__ import annotations

import sys

import pytest

from scheduler.plugins.loading import load_plugins
from tests.webui.conftest import HERE, Browser, build, sign_in

PAGE = """
from flask import Blueprint, render_template_string, request
from scheduler.plugins import hookimpl
from scheduler.plugins.hookspecs import PluginPage

blueprint = Blueprint("budget", __name__)

@blueprint.route("/", methods=["GET", "POST"])
def show():
    text = '{% extends "base.html" %}{% block content %}<p>Spent: {{ spent }}</p>{% endblock %}'
    return render_template_string(text, spent=request.args.get("spent", "nothing"))

@hookimpl
def dirigent_pages():
    return [PluginPage(blueprint, "Budget")]
"""


@pytest.fixture
def shown(tmp_path, db, clock):
    """Build the pages with plugins of these texts."""

    def make(**texts):
        folder = tmp_path / "plugins"
        folder.mkdir()
        for name, text in texts.items():
            (folder / f"{name}.py").write_text(text)
        return build(db, clock, plugins=load_plugins(folder))

    known = set(sys.modules)
    yield make
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_a_page_of_a_plugin_has_an_entry_in_the_menu_and_the_look_of_all_pages(shown, db, clock):
    person = sign_in(shown(budget=PAGE), db, clock.now())
    answer = person.get("/plugins/budget/budget/?spent=<b>7</b>")
    assert answer.status_code == 200
    assert "Spent: &lt;b&gt;7&lt;/b&gt;" in answer.text
    assert '<a class="nav-item" href="/plugins/budget/budget/" aria-current="page">Budget</a>' in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_stranger_does_not_see_it(shown):
    assert Browser(shown(budget=PAGE).test_client()).get("/plugins/budget/budget/").status_code == 302


def test_what_is_posted_to_it_needs_the_token_of_the_page(shown, db, clock):
    person = sign_in(shown(budget=PAGE), db, clock.now())
    assert person.client.post("/plugins/budget/budget/", base_url=HERE).status_code == 403
    assert person.post("/plugins/budget/budget/").status_code == 200


def test_a_plugin_whose_page_does_not_fit_is_told_of_and_the_pages_stay(shown, db, clock):
    person = sign_in(
        shown(budget=PAGE.replace('"Budget")', '"Budget", "gone")'), other=PAGE), db, clock.now()
    )
    text = person.get("/plugins").text
    assert "its page cannot be shown: LookupError: it has no view &#39;gone&#39;" in text
    assert 'href="/plugins/other/budget/"' in text
    assert 'href="/plugins/budget/budget/"' not in text


def test_the_list_says_what_each_brings_and_what_is_broken(shown, db, clock):
    person = sign_in(shown(budget=PAGE, broken="import nowhere_at_all"), db, clock.now())
    text = person.get("/plugins").text
    assert "No module named &#39;nowhere_at_all&#39;" in text
    assert "pages" in text


def test_without_plugins_the_menu_does_not_speak_of_them(person):
    assert ">Plugins</a>" not in person.get("/").text
    assert "There is no plugin" in person.get("/plugins").text


LINKS = """
from scheduler.plugins import hookimpl
from scheduler.plugins.hookspecs import PluginLink

@hookimpl
def dirigent_links():
    return [
        PluginLink("Wiki", "https://wiki.example.com"),
        PluginLink("Bad", "javascript:alert(1)"),
        PluginLink("Worse", "//evil.example.com"),
    ]
"""


def test_a_link_of_a_plugin_has_an_entry_in_the_menu_unless_it_could_run_a_script(shown, db, clock):
    text = sign_in(shown(links=LINKS), db, clock.now()).get("/plugins").text
    assert '<a class="nav-item" href="https://wiki.example.com">Wiki</a>' in text
    assert "Bad</a>" not in text
    assert "its link &#39;javascript:alert(1)&#39; leads nowhere" in text
    assert "its link &#39;//evil.example.com&#39; leads nowhere" in text
