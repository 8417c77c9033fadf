"""The page of alerts: what fires, which rules there are, whether people can be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scheduler.alert_rules import AlertRule
from scheduler.core.alerts import Step
from scheduler.store import Database
from scheduler.store.alerts import Subject, begin_firing, end_firing
from scheduler.store.outbox import claim_messages, note_failed, note_sent, post
from scheduler.store.tellings import outbox_key
from tests.webui import seed
from tests.webui.conftest import Browser, StillClock, build, sign_in

RULE = AlertRule(name="shop", when="failure", to=("ops",), dags=("orders*",), repeat=3600.0)
LATE = AlertRule(name="late", when="not_finished", to=("mail",), by="07:00", quiet="22:00-06:00")
WEB: dict[str, Any] = {
    "alert_rules": (RULE, LATE),
    "channels": {"ops": "slack://***", "mail": "mailto://***"},
}


@pytest.fixture
def visitor(db: Database, clock: StillClock) -> Browser:
    """Somebody who is signed in where there are rules."""
    return sign_in(build(db, clock, **WEB), db, clock.now())


def fire(db, reason="Run r1 of orders_hourly failed: <b>no</b> currency", since=seed.NOW):
    with db.write() as session:
        return begin_firing(
            session, since, RULE, Subject("orders_hourly", "orders_hourly", None, "r1"), reason
        )


def test_who_has_no_rule_is_shown_how_to_write_one(person: Browser) -> None:
    text = person.get("/alerts").text
    assert "Nothing fires." in text
    assert "Nobody is told of anything yet" in text
    assert "dirigent alerts test ops" in text


def test_rules_are_listed_in_words_and_lead_from_every_page(visitor: Browser) -> None:
    text = visitor.get("/alerts").text
    assert "a run fails" in text
    assert "no run has succeeded by 07:00 (UTC)" in text
    assert "again each 1 h" in text
    assert "not 22:00-06:00" in text
    assert 'href="/alerts"' in visitor.get("/dags").text
    assert visitor.get("/ui/find?q=aler").get_json()["found"][0]["href"] == "/alerts"


def test_a_dag_says_who_is_told_of_what(visitor: Browser) -> None:
    text = visitor.get("/dags/orders_hourly/details").text
    assert "Who is told" in text
    assert "when a run fails" in text
    other = visitor.get("/dags/carrier_fanout/details").text
    assert "when a run fails" not in other
    assert "when no run has succeeded by 07:00 (UTC)" in other


def test_a_rule_to_a_channel_that_does_not_exist_says_so(db: Database, clock: StillClock) -> None:
    visitor = sign_in(build(db, clock, alert_rules=(RULE,), channels={}), db, clock.now())
    assert "there is no channel ops" in visitor.get("/alerts").text


def test_what_fires_is_told_with_its_reason_and_leads_to_its_run(visitor: Browser, db: Database) -> None:
    fire(db)
    text = visitor.get("/alerts").text
    assert "Run r1 of orders_hourly failed: &lt;b&gt;no&lt;/b&gt; currency" in text
    assert 'href="/dags/orders_hourly/runs/r1"' in text
    assert text.count('<tr id="firing-') == 1
    assert "<h2>Over" not in text


def test_people_are_told_when_a_message_is_sent_and_not_when_it_is_posted(
    visitor: Browser, db: Database
) -> None:
    firing = fire(db)
    assert firing is not None
    with db.write() as session:
        post(session, seed.NOW, outbox_key(Step.FIRED, firing, "ops"), "ops", {})
    assert "not yet: ops" in visitor.get("/alerts").text
    with db.write() as session:
        [message] = claim_messages(session, seed.NOW, 10, seed.NOW, ["ops"])
        note_sent(session, seed.NOW, message.id)
    assert "not yet" not in visitor.get("/alerts").text


def test_what_is_over_stands_below_and_older_ones_on_the_next_page(visitor: Browser, db: Database) -> None:
    for number in range(51):
        firing = fire(db, f"reason {number}.", seed.NOW + timedelta(minutes=number))
        with db.write() as session:
            end_firing(session, seed.NOW + timedelta(minutes=number), firing, "Run r2 succeeded.")
    text = visitor.get("/alerts").text
    assert "reason 50." in text
    assert "Run r2 succeeded." in text
    assert ">reason 0.<" not in text
    assert ">reason 0.<" in visitor.get("/alerts?before=2").text


def test_a_channel_that_cannot_be_reached_is_told_with_the_reason(visitor: Browser, db: Database) -> None:
    with db.write() as session:
        for key in ("1", "2"):
            post(session, seed.NOW, key, "ops", {})
        post(session, seed.NOW, "3", "opps", {})
        sent, refused = claim_messages(session, seed.NOW, 10, seed.NOW, ["ops"])
        note_sent(session, seed.NOW, sent.id)
        note_failed(session, seed.NOW, refused, "error 500")
    text = visitor.get("/alerts").text
    assert "could not be sent yet.</b> error 500" in text
    assert "could not be sent yet.</b> there is no channel of this name" in text
    assert "never used" in text
    assert "could not be sent yet.</b> error 500" in visitor.get("/").text


def test_a_page_that_did_not_change_answers_304(visitor: Browser, db: Database) -> None:
    fire(db)
    tag = visitor.get("/alerts", **{"X-Fragment": "live"}).headers["ETag"]
    again = visitor.get("/alerts", **{"X-Fragment": "live", "If-None-Match": tag})
    assert again.status_code == 304
