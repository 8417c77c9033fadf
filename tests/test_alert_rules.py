"""Alert rules as people write them."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from scheduler.alert_rules import AlertRule, BadRule, read_rule, rule_from_data, span
from scheduler.alert_settings import addresses, alert_rules
from scheduler.config import load_settings
from scheduler.errors import BadSetting

CHANNELS = '[channels]\nops = "json://me:canary@host/canary"\nmail = "mailto://me:canary@example.com"\n'


def settings(folder, text, environ=None):
    (folder / "dirigent.toml").write_text(text)
    return load_settings(environ or {}, folder)


def test_a_rule_names_when_of_which_dags_and_to_whom(tmp_path):
    text = (
        CHANNELS
        + """
[[alerts]]
name = "orders"
when = "failures"
count = 3
within = "1h"
dags = ["orders*"]
tags = ["nightly"]
owners = "shop"
to = ["ops", "mail"]
repeat = "4h"
recovered = true
quiet = "22:00-07:00"
timezone = "Europe/Berlin"
"""
    )
    [rule] = alert_rules(settings(tmp_path, text))
    assert rule == AlertRule(
        name="orders",
        when="failures",
        count=3,
        within=3600.0,
        dags=("orders*",),
        tags=("nightly",),
        owners=("shop",),
        to=("ops", "mail"),
        repeat=14400.0,
        recovered=True,
        quiet="22:00-07:00",
        timezone="Europe/Berlin",
    )


def test_notify_on_failure_is_the_simplest_rule(tmp_path):
    found = settings(tmp_path, 'notify_on_failure = ["json://a", "json://b"]\n')
    [rule] = alert_rules(found)
    assert (rule.when, rule.dags, rule.repeat) == ("failure", (), -1)
    assert [addresses(found)[name] for name in rule.to] == ["json://a", "json://b"]


def test_what_was_written_is_read_back_from_json():
    given = {"name": "late", "when": "not_finished", "by": "07:00", "to": ["ops"], "dags": ["a", "b*"]}
    rule = read_rule(given)
    assert rule.data == given
    assert rule_from_data(json.loads(json.dumps(rule.data))) == rule


def test_the_rule_of_a_dags_file_is_named_after_it_and_about_it_alone():
    rule = read_rule({"when": "failure", "to": ["ops"]}, of_dag="orders")
    assert (rule.name, rule.dags) == ("orders:failure", ("orders",))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"when": "failed"}, "when='failed': did you mean 'failure'?"),
        ({"name": "a b"}, "name='a b': use 1 to 60 letters"),
        ({"to": []}, "to: name at least one channel"),
        ({"dags": 3}, "dags=3: give a list"),
        ({"dag": ["a"]}, "dag: there is no such field; did you mean dags?"),
        ({"lag": "5m"}, "lag: a rule of when='failure' has no such field here; it takes name, when, to"),
        ({"when": "failures", "count": 3}, "within: a rule of when='failures' needs it"),
        ({"when": "failures", "count": 1, "within": "1h"}, "count=1: give a whole number from 2 to 1000"),
        ({"when": "failures", "count": 2, "within": "1 hour"}, "within='1 hour': give a time such as"),
        ({"when": "longer_than_usual", "factor": 0.5}, "factor=0.5: give a number from 1 to 100"),
        ({"when": "longer_than_usual", "over": "mean"}, "over='mean': give 'median' or 'p95'"),
        ({"when": "longer_than_usual", "runs": 3}, "at_least=5: cannot be more than runs, which is 3"),
        ({"when": "not_started"}, 'by: give either by = "07:00" or after = "30m"'),
        ({"when": "not_started", "by": "7"}, "by='7': give a time of day"),
        ({"when": "not_finished", "by": "07:00", "timezone": "Mars"}, "timezone='Mars': is unknown"),
        ({"when": "not_finished", "by": "07:00", "after": "1h"}, "by='07:00': give either"),
        ({"when": "queue_lag"}, "lag: a rule of when='queue_lag' needs it"),
        ({"when": "worker_lost", "dags": ["a"]}, "dags: a rule of when='worker_lost' has no such field"),
        ({"repeat": "0s"}, "repeat='0s': give a time longer than zero"),
        ({"repeat": "59s"}, "repeat='59s': tell people again after a minute at the earliest"),
        ({"repeat": 10**400}, ": give a time longer than zero, and at most a year"),
        ({"to": ["a\0"]}, "to: give at most 250 names"),
        ({"dags": ["a"] * 251}, "dags: give at most 250 names"),
        ({"when": "worker_lost", "repeat": "always"}, "repeat='always': only a rule of when='failure'"),
        ({"quiet": "22:00"}, "quiet='22:00': give two times of day"),
        ({"recovered": "yes"}, "recovered='yes': give true or false"),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_name_and_value(fields, sentence):
    with pytest.raises(BadRule, match=re.escape(sentence)):
        read_rule({"name": "r", "when": "failure", "to": ["ops"], **fields})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[[alerts]]\nname = "r"\nwhen = "x"\n',
            "dirigent.toml: rule 1 'r' of [[alerts]]: when='x': give one of",
        ),
        (
            CHANNELS + '[[alerts]]\nname = "r"\nwhen = "failure"\nto = ["opps"]\n',
            "rule 1 'r' of [[alerts]]: to='opps': there is no such channel; did you mean 'ops'?",
        ),
        (
            CHANNELS + 2 * '[[alerts]]\nname = "r"\nwhen = "failure"\nto = "ops"\n',
            "rule 2 'r' of [[alerts]]: name='r': another rule has this name",
        ),
        ('[[alerts]]\nwhen = "failure"\nto = "ops"\n', "rule 1 of [[alerts]]: name: give the rule a name"),
        ("alerts = 3\n", "dirigent.toml: alerts: write each rule under a heading of its own: [[alerts]]"),
        ("channels = 3\n", "dirigent.toml: channels: write it as a heading: [channels]"),
        ('[channels]\nOps = "json://canary"\n', "[channels] Ops: name a channel with small letters"),
        ('[channels]\nops = "canary"\n', "[channels] ops: give one Apprise address, like slack://"),
        ("[channels]\nops = 3\n", "[channels] ops: give one Apprise address, as text"),
        ('[channels]\nops_file = "/no/such"\n', "[channels] ops_file='/no/such': the file cannot be read"),
    ],
)
def test_what_cannot_be_in_the_file_is_refused_by_rule_and_field_without_showing_an_address(
    tmp_path, text, sentence
):
    with pytest.raises(BadSetting, match=re.escape(sentence)) as caught:
        settings(tmp_path, text)
    assert "canary" not in str(caught.value)


def test_an_address_comes_from_the_file_from_a_file_of_its_own_or_from_the_environment(tmp_path):
    (tmp_path / "secret").write_text("json://from-a-file\n")
    text = f'[channels]\nops = "json://in-it"\nmail_file = "{tmp_path}/secret"\n'
    environ = {
        "DIRIGENT_CHANNEL_OPS": "json://environment",
        "DIRIGENT_CHANNEL_PAGER_FILE": f"{tmp_path}/secret",
    }
    assert addresses(settings(tmp_path, text, environ)) == {
        "ops": "json://environment",
        "mail": "json://from-a-file",
        "pager": "json://from-a-file",
    }


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DIRIGENT_ALERTS": "x"}, "DIRIGENT_ALERTS: write it in dirigent.toml"),
        ({"DIRIGENT_CHANNEL_OPS": "canary"}, "DIRIGENT_CHANNEL_OPS: give one Apprise address"),
    ],
)
def test_what_cannot_be_in_the_environment_is_refused(tmp_path, environ, sentence):
    with pytest.raises(BadSetting, match=re.escape(sentence)) as caught:
        settings(tmp_path, "", environ)
    assert "canary" not in str(caught.value)


def test_of_an_address_nothing_but_its_service_is_shown(tmp_path):
    found = settings(tmp_path, CHANNELS)
    assert found.shown()["channels"] == {"ops": "json://***", "mail": "mailto://***"}
    assert "canary" not in repr(found)


def test_a_time_may_be_a_timedelta_or_seconds_in_code():
    for value in (timedelta(minutes=90), 5400, "90m", "1.5h"):
        rule = read_rule({"when": "not_started", "after": value, "to": ["ops"]}, of_dag="a")
        assert rule.after == 5400.0


def test_a_span_is_said_with_its_two_largest_units():
    assert [span(each) for each in (0, 59, 61, 3600, 90061)] == ["0 s", "59 s", "1 min 1 s", "1 h", "1 d 1 h"]
