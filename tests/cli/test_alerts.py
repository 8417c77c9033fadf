"""`dirigent alerts`."""

from __future__ import annotations

import pytest

from scheduler.alert_rules import AlertRule
from scheduler.clock import SystemClock
from scheduler.store import Database
from scheduler.store.alerts import Subject, begin_firing
from scheduler.store.outbox import post
from tests.loop.webhook import serve_webhook

SETTINGS = """
notify_on_failure = ["json://127.0.0.1:9/canary"]

[channels]
ops = "{address}canary"

[[alerts]]
name = "orders"
when = "failures"
count = 3
within = "1h"
dags = ["orders*"]
to = ["ops"]
"""


@pytest.fixture
def webhook(project, dirigent):
    """A project with rules, and the service that they tell."""
    with serve_webhook() as server:
        (project / "dirigent.toml").write_text(SETTINGS.format(address=server.address))
        dirigent("db", "upgrade")
        yield server


def fire(project):
    """Let the rule fire, as the leader would, and leave a message for a channel that does not exist."""
    now = SystemClock().now()
    rule = AlertRule(name="orders", when="failures", to=("ops",), count=3, within=3600.0)
    db = Database(f"sqlite:///{project / '.dirigent' / 'dirigent.db'}")
    with db.write() as session:
        begin_firing(session, now, rule, Subject("orders_daily", "orders_daily"), "3 runs failed")
        post(session, now, "key", "opps", {})
    db.close()


def test_rules_are_listed_with_what_they_fire_about(project, dirigent, webhook):
    fire(project)
    simplest, orders = dirigent("alerts", "list", "-o", "json").json
    assert (simplest["name"], simplest["about"], simplest["state"]) == (
        "notify_on_failure",
        "all DAGs",
        "quiet",
    )
    assert (orders["condition"], orders["state"]) == ("3 runs fail within 1 h", "firing")
    assert orders["subjects"] == "orders_daily"
    assert "orders_daily" in dirigent("alerts", "list").out


def test_history_tells_each_firing(project, dirigent, webhook):
    fire(project)
    [firing] = dirigent("alerts", "history", "-o", "json").json
    assert (firing["rule"], firing["state"], firing["reason"]) == ("orders", "firing", "3 runs failed")


def test_channels_are_listed_without_their_addresses_and_those_that_are_missing_too(
    project, dirigent, webhook
):
    fire(project)
    said = dirigent("alerts", "channels", "-o", "json")
    assert [(row["name"], row["service"], row["waiting"]) for row in said.json] == [
        ("notify_on_failure:1", "json://***", 0),
        ("ops", "json://***", 0),
        ("opps", None, 1),
    ]
    assert said.json[2]["error"] == "there is no channel of this name"
    assert "canary" not in said.out + dirigent("config", "show").out


def test_a_channel_is_tried_by_a_real_message(dirigent, webhook):
    said = dirigent("alerts", "test", "ops")
    assert (said.code, said.out) == (0, "A message was sent to ops.\n")
    [message] = webhook.received
    assert message["title"] == "Dirigent can reach you"


def test_a_channel_that_does_not_take_it_says_why_and_shows_no_address(dirigent, webhook):
    webhook.status = 503
    said = dirigent("alerts", "test", "ops")
    assert said.code == 1
    assert "The message to ops was not sent:" in said.err
    assert "503" in said.err
    assert "canary" not in said.err


def test_a_channel_that_is_not_there_names_those_that_are(dirigent, webhook):
    said = dirigent("alerts", "test", "opps")
    assert said.code == 1
    assert (
        "There is no channel 'opps'. [channels] of dirigent.toml names: notify_on_failure:1, ops." in said.err
    )


def test_a_server_with_a_rule_that_cannot_be_does_not_start(project, dirigent):
    (project / "dirigent.toml").write_text('[[alerts]]\nname = "r"\nwhen = "failure"\nto = "ops"\n')
    said = dirigent("up")
    assert said.code == 1
    assert "rule 1 'r' of [[alerts]]: to='ops': there is no such channel" in said.err
