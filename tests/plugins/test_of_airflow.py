"""Plugins written for Airflow: what their classes bring is taken up, the rest is named."""

from __future__ import annotations

import sys

import pytest

from scheduler.compat.airflow import finder
from scheduler.plugins.loading import load_plugins

PLUGIN = """
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import Timetable
from flask import Blueprint

def shout(text):
    return text.upper()

class Ear:
    @hookimpl
    def on_dag_run_failed(self, dag_run, msg):
        pass

class Moons(Timetable):
    pass

class Mine(AirflowPlugin):
    name = "mine"
    macros = [shout]
    listeners = [Ear()]
    timetables = [Moons]
    flask_blueprints = [Blueprint("budget", __name__)]
    appbuilder_menu_items = [{"name": "Wiki", "href": "https://wiki.example.com", "category": "Docs"}]
    external_views = [{"name": "Costs", "href": "/costs", "destination": "nav"}]
    fastapi_apps = [{"app": None}]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    known = set(sys.modules)
    others = [each for each in sys.meta_path if not isinstance(each, finder.AirflowFinder)]
    monkeypatch.setattr(sys, "meta_path", others)
    yield tmp_path
    finder.forget()
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_a_class_of_airflows_brings_macros_listeners_pages_and_links(folder):
    (folder / "legacy.py").write_text(PLUGIN)
    plugins = load_plugins(folder, finder.install)
    [plugin] = plugins.found
    assert plugin.error == ""
    assert set(plugin.hooks) == {"dirigent_macros", "dirigent_pages", "dirigent_links", "on_dag_run_failed"}
    assert plugin.lacks == ("fastapi_apps",)
    [(name, macros)] = plugins.ask("dirigent_macros")
    assert (name, macros["shout"]("x")) == ("mine", "X")
    [(_, links)] = plugins.ask("dirigent_links")
    assert [(each.label, each.href) for each in links] == [
        ("Wiki", "https://wiki.example.com"),
        ("Costs", "/costs"),
    ]
    [listener] = plugins.listeners()
    assert (listener.name, listener.calls["on_dag_run_failed"].arguments) == ("legacy", ("dag_run", "msg"))


def test_a_class_that_cannot_be_read_is_told_of(folder):
    (folder / "legacy.py").write_text(PLUGIN.replace('"href": "/costs", ', ""))
    (folder / "other.py").write_text("LIMIT = 5")
    found = load_plugins(folder, finder.install).found
    assert [each.name for each in found] == ["legacy", "other"]
    assert "KeyError: 'href'" in found[0].error
    assert found[1].error == ""


def test_a_listener_of_a_name_that_nobody_knows_is_told_of(folder):
    (folder / "legacy.py").write_text(PLUGIN.replace("on_dag_run_failed", "on_moon_full"))
    [plugin] = load_plugins(folder, finder.install).found
    assert "unknown hook 'on_moon_full'" in plugin.error


def test_without_leave_airflow_is_not_known(folder):
    (folder / "legacy.py").write_text(PLUGIN)
    [plugin] = load_plugins(folder).found
    assert "No module named 'airflow'" in plugin.error
