"""How far the messages of firings came."""

from datetime import timedelta

from scheduler.alert_rules import AlertRule
from scheduler.core.alerts import Step
from scheduler.store import outbox
from scheduler.store.alerts import Subject, begin_firing, tell_again
from scheduler.store.tellings import Telling, load_tellings, outbox_key
from tests.store.specs import NOW

RULE = AlertRule(name="shop", when="failure", to=("ops", "mail"), repeat=3600.0)
SUBJECT = Subject("orders", "orders")
LATER = NOW + timedelta(seconds=5)


def _post(write, firing, step=Step.FIRED):
    for channel in RULE.to:
        write(outbox.post, NOW, outbox_key(step, firing, channel), channel, {})


def _claim(write, channel):
    [message] = write(outbox.claim_messages, NOW, 1, NOW, [channel])
    return message


def _telling(db, firing):
    with db.read() as session:
        return load_tellings(session, [firing])[firing.id]


def test_a_message_that_was_posted_is_not_told_to_anybody_yet(db, write):
    firing = write(begin_firing, NOW, RULE, SUBJECT, "failed")
    _post(write, firing)
    assert _telling(db, firing) == Telling(None, ("ops", "mail"))


def test_a_channel_is_told_once_its_message_was_sent(db, write):
    firing = write(begin_firing, NOW, RULE, SUBJECT, "failed")
    _post(write, firing)
    write(outbox.note_sent, LATER, _claim(write, "ops").id)
    assert _telling(db, firing) == Telling(LATER, ("mail",))


def test_a_message_that_was_given_up_was_told_to_nobody(db, write):
    firing = write(begin_firing, NOW, RULE, SUBJECT, "failed")
    _post(write, firing)
    for channel in RULE.to:
        write(outbox.note_failed, NOW + outbox.TRIED_FOR, _claim(write, channel), "error 500")
    assert _telling(db, firing) == Telling(None, (), ("ops", "mail"))


def test_of_a_firing_that_goes_on_the_newest_message_counts(db, write):
    firing = write(begin_firing, NOW, RULE, SUBJECT, "failed")
    _post(write, firing)
    for channel in RULE.to:
        write(outbox.note_sent, NOW, _claim(write, channel).id)
    again = write(tell_again, LATER, firing, RULE, "failed", SUBJECT)
    _post(write, again, Step.REMINDED)
    assert _telling(db, again) == Telling(None, ("ops", "mail"))


def test_messages_that_were_deleted_since_were_sent_when_they_were_posted(db, write):
    firing = write(begin_firing, NOW, RULE, SUBJECT, "failed")
    assert _telling(db, firing) == Telling(NOW)
