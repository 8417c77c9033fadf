from datetime import timedelta

import sqlalchemy as sa

from scheduler.store import outbox
from scheduler.store.tables import outbox as table
from tests.store.specs import NOW


def _post(write, key="k", now=NOW):
    write(outbox.post, now, key, "ops", {"text": key})


def _claim(write, now=NOW, limit=10):
    return write(outbox.claim_messages, now, limit, now + timedelta(minutes=1), ["ops"])


def test_a_message_is_sent_once(write):
    _post(write)
    (message,) = _claim(write)
    assert message.payload == {"text": "k"}
    write(outbox.note_sent, NOW, message.id)
    assert _claim(write, NOW + timedelta(days=1)) == []


def test_the_same_message_is_not_posted_twice(write):
    _post(write)
    _post(write)
    assert len(_claim(write)) == 1


def test_a_claimed_message_is_no_one_elses_until_its_sender_is_given_up(write):
    _post(write)
    assert len(_claim(write)) == 1
    assert _claim(write) == []
    assert len(_claim(write, NOW + timedelta(minutes=1))) == 1


def test_a_message_that_fails_is_tried_again_after_pauses_that_grow_for_three_days(db, write):
    _post(write)
    now, pauses = NOW, []
    while messages := _claim(write, now):
        write(outbox.note_failed, now, messages[0], "no such host")
        with db.read() as session:
            next_try_at = session.scalars(sa.select(table.c.next_try_at)).one()
        if next_try_at is None:
            break
        pauses.append((next_try_at - now).total_seconds())
        now = next_try_at
    assert pauses[:6] == [30, 60, 120, 240, 480, 900]
    assert set(pauses[5:]) == {900}
    assert now > NOW + outbox.TRIED_FOR - timedelta(minutes=16)
    with db.read() as session:
        row = session.execute(sa.select(table)).one()
    assert (row.error, row.sent_at, row.next_try_at) == ("no such host", None, None)


def test_a_message_of_another_channel_is_left_alone(write):
    _post(write)
    assert write(outbox.claim_messages, NOW, 10, NOW, ["pager"]) == []
    assert write(outbox.due_channels, NOW, ["pager"]) == set()
    assert write(outbox.due_channels, NOW, ["pager", "ops"]) == {"ops"}


def test_a_message_waits_for_its_instant(write):
    write(outbox.post, NOW, "later", "ops", {}, at=NOW + timedelta(hours=8))
    assert _claim(write, NOW + timedelta(hours=7)) == []
    assert len(_claim(write, NOW + timedelta(hours=8))) == 1


def test_a_channel_tells_what_waits_and_why(db, write):
    for key in ("a", "b"):
        _post(write, key)
    sent, refused = _claim(write)
    write(outbox.note_sent, NOW, sent.id)
    write(outbox.note_failed, NOW, refused, "no such host")
    with db.read() as session:
        assert outbox.list_channels(session) == [outbox.ChannelRow("ops", 1, NOW, "no such host")]


def test_messages_come_oldest_first_and_not_more_than_asked(write):
    for hours in (2, 1, 0):
        _post(write, f"k{hours}", NOW + timedelta(hours=hours))
    found = _claim(write, NOW + timedelta(hours=3), limit=2)
    assert sorted(each.payload["text"] for each in found) == ["k0", "k1"]


def test_why_a_message_was_given_up_is_told_until_a_later_one_was_sent(db, write):
    _post(write)
    write(outbox.note_failed, NOW + outbox.TRIED_FOR, _claim(write)[0], "no such host")
    with db.read() as session:
        assert outbox.list_channels(session) == [outbox.ChannelRow("ops", 0, None, "no such host")]
    later = NOW + timedelta(days=4)
    _post(write, "later", later)
    write(outbox.note_sent, later, _claim(write, later)[0].id)
    with db.read() as session:
        assert outbox.list_channels(session) == [outbox.ChannelRow("ops", 0, later, "")]
