"""`airflow.configuration.conf`, and other things that installed providers ask of Airflow."""

from __future__ import annotations

import sys
import textwrap

import pytest

from scheduler.compat.airflow import finder
from scheduler.compat.airflow.configuration import conf
from scheduler.compat.airflow.email import build_mime_message
from scheduler.compat.airflow.exceptions import AirflowConfigException
from scheduler.compat.airflow.settings import pod_mutation_hook

PROVIDER = """
def about():
    options = {"verify": {"default": "True"}, "limits": {"default": '{"cpu": 2}'}, "maker": {"default": "json.loads"}}
    return {"config": {"acme": {"options": options | {"none": {"default": None}}}}}

def broken():
    raise RuntimeError("no options today")
"""


@pytest.fixture
def provider(tmp_path, monkeypatch):
    """A provider with options of its own, and one that cannot say what it has."""
    (tmp_path / "acme_provider.py").write_text(PROVIDER)
    about = tmp_path / "acme_provider-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-provider\nVersion: 1.0\n")
    points = "[apache_airflow_provider]\na = acme_provider:about\nb = acme_provider:broken\n"
    (about / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("acme_provider", None)


def test_an_option_is_what_its_provider_sets_by_itself_unless_the_environment_says_more(
    provider, monkeypatch
):
    assert conf.getboolean("acme", "verify") is True
    assert conf.getjson("acme", "limits") == {"cpu": 2}
    assert conf.getimport("acme", "maker")("[1]") == [1]
    assert conf.getsection("acme").keys() == {"verify", "limits", "maker"}
    monkeypatch.setenv("AIRFLOW__ACME__VERIFY", "False")
    monkeypatch.setenv("AIRFLOW__ACME__REGION", "eu")
    assert conf.getboolean("acme", "verify") is False
    assert conf.getsection("acme")["region"] == "eu"


def test_an_option_that_nobody_knows_has_a_fallback_or_is_refused_by_name(provider):
    assert conf.getimport("acme", "none", fallback=None) is None
    with pytest.raises(AirflowConfigException, match="AIRFLOW__ACME__NONE"):
        conf.get("acme", "none")


def test_a_pod_is_changed_by_the_local_settings_where_there_are_some(tmp_path, monkeypatch):
    pod: dict[str, str] = {}
    pod_mutation_hook(pod)
    assert pod == {}
    (tmp_path / "airflow_local_settings.py").write_text("def pod_mutation_hook(pod): pod['team'] = 'data'")
    monkeypatch.syspath_prepend(str(tmp_path))
    pod_mutation_hook(pod)
    sys.modules.pop("airflow_local_settings")
    assert pod == {"team": "data"}


def test_a_message_shows_all_who_get_it_but_those_of_bcc(tmp_path):
    (tmp_path / "sums.csv").write_text("a,b")
    message, recipients = build_mime_message(
        "me@a.org",
        "you@a.org; her@a.org",
        "sums",
        "<b>here</b>",
        [str(tmp_path / "sums.csv")],
        cc="him@a.org",
        bcc=["boss@a.org"],
        custom_headers={"X-Run": 7},
    )
    assert recipients == ["you@a.org", "her@a.org", "him@a.org", "boss@a.org"]
    assert (message["To"], message["Cc"], message["Bcc"]) == ("you@a.org, her@a.org", "him@a.org", None)
    assert (message["X-Run"], message.get_content_type()) == ("7", "multipart/mixed")
    html, file = message.iter_parts()
    assert "<b>here</b>" in html.get_content()
    assert (file.get_filename(), file.get_content_disposition()) == ("sums.csv", "attachment")


def test_an_operator_that_awaits_its_work_hands_on_what_comes_of_it(load):
    text = """
        from airflow.sdk import DAG
        from airflow.sdk.bases.operator import BaseAsyncOperator

        class Sum(BaseAsyncOperator):
            async def aexecute(self, context):
                return context["task"].task_id * 2

        with DAG("orders", schedule=None):
            Sum(task_id="ab")
    """
    run = load(textwrap.dedent(text)).dag.test()
    assert run.xcoms["ab"] == "abab"
    finder.forget()
