from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event as ThreadEvent
from threading import Thread

import pytest
import sqlalchemy as sa

from scheduler.errors import BadSetting
from scheduler.loop.notifier import PATIENCE_S, SENDING_FOR, Notifier
from scheduler.store.outbox import claim_messages, post
from scheduler.store.tables import outbox
from tests.loop.smtp import smtp_server
from tests.loop.webhook import serve_webhook

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class SetClock:
    """A clock that a test sets."""

    def __init__(self):
        self.instant = NOW

    def now(self):
        return self.instant

    def monotonic(self):
        return self.instant.timestamp()


@pytest.fixture
def db(migrated_sqlite_db):
    """One kind of database is enough: tests/store/test_outbox.py asks both."""
    return migrated_sqlite_db


@pytest.fixture
def webhook():
    with serve_webhook() as server:
        yield server


class Mute(ThreadingHTTPServer):
    """A service that takes what it is sent and says nothing until it is let go."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), MuteHandler)
        self.asked, self.answers = ThreadEvent(), ThreadEvent()


class MuteHandler(BaseHTTPRequestHandler):
    server: Mute

    def do_POST(self):
        self.server.asked.set()
        self.server.answers.wait(30)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture
def mute():
    server = Mute()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.answers.set()
    server.shutdown()
    thread.join()
    server.server_close()


def address(server):
    return f"json://127.0.0.1:{server.server_port}/canary"


def notifier(db, webhook, clock, **more):
    return Notifier(db, clock, {"ops": address(webhook), **more}, "http://page")


def post_message(db, channel="ops", key="1"):
    payload = {"title": "orders failed", "body": "failed: load", "link": "/dags/orders", "message_id": key}
    with db.write() as session:
        post(session, NOW, f"{key}:{channel}", channel, payload)


def send(sender):
    count = sender.send_due()
    sender.wait()
    return count


def rows(db):
    with db.read() as session:
        return session.execute(sa.select(outbox).order_by(outbox.c.id)).all()


def test_a_message_is_sent_once_with_its_reason_and_link(db, webhook):
    post_message(db)
    sender = notifier(db, webhook, SetClock())

    assert send(sender) == 1
    assert send(sender) == 0

    [message] = webhook.received
    assert message["title"] == "orders failed"
    assert "failed: load" in message["message"]
    assert "http://page/dags/orders" in message["message"]


def test_a_message_that_a_service_refuses_is_sent_again_later(db, webhook):
    post_message(db)
    clock = SetClock()
    sender = notifier(db, webhook, clock)
    webhook.status = 500

    send(sender)
    assert send(sender) == 0
    [row] = rows(db)
    assert "500" in row.error
    webhook.status = 200
    clock.instant += timedelta(seconds=31)
    assert send(sender) == 1

    [row] = rows(db)
    assert (row.tries, row.error, row.sent_at) == (1, "", clock.instant)


def test_why_a_message_was_not_sent_is_said_without_the_address(db, webhook, caplog):
    post_message(db, "gone")
    sender = notifier(db, webhook, SetClock(), gone="json://me:s3cret@127.0.0.1:9/canary?token=t0ken")

    send(sender)

    [row] = rows(db)
    assert "connection error" in row.error.lower()
    assert not re.search("canary|s3cret|t0ken", row.error + caplog.text)


def test_a_channel_that_hangs_holds_up_no_other_and_is_told_to_hang(db, webhook, mute):
    clock = SetClock()
    sender = notifier(db, webhook, clock, slow=address(mute) + "?rto=25")
    post_message(db, "slow", "1")
    post_message(db, "slow", "2")
    sender.send_due()
    assert mute.asked.wait(30)

    post_message(db, "ops", "3")
    assert sender.send_due() == 1, "the one that hangs is not idle"
    assert webhook.came.wait(30)
    clock.instant += timedelta(seconds=PATIENCE_S + 1)
    sender.send_due()

    hanging = rows(db)[0]
    assert (hanging.tries, hanging.sent_at) == (1, None)
    assert "no answer within 60 s" in hanging.error
    mute.answers.set()
    sender.wait()
    assert rows(db)[0].sent_at == clock.instant, "it was taken after all, and is not sent again"
    assert rows(db)[1].sent_at == clock.instant, "the next one follows"


def test_what_a_sender_took_with_it_when_it_died_is_sent_by_another(db, webhook):
    post_message(db)
    clock = SetClock()
    with db.write() as session:
        claim_messages(session, NOW, 10, NOW + SENDING_FOR, ["ops"])
    sender = notifier(db, webhook, clock)

    assert send(sender) == 0
    clock.instant += SENDING_FOR
    assert send(sender) == 1
    assert len(webhook.received) == 1


def test_an_address_that_cannot_be_is_refused_without_showing_it(db):
    with pytest.raises(BadSetting, match="channel ops: Apprise does not understand") as raised:
        Notifier(db, SetClock(), {"ops": "nonsense-with-token-s3cret"}, "http://page")

    assert "s3cret" not in str(raised.value)


def test_mail_goes_by_smtp(db):
    with smtp_server() as (port, letters):
        post_message(db, "mail")
        url = f"mailto://127.0.0.1:{port}/?from=dirigent@example.com&to=ops@example.com&mode=insecure"
        send(Notifier(db, SetClock(), {"mail": url}, "http://page"))

    assert [row.error for row in rows(db)] == [""]
    [letter] = letters
    assert b"ops@example.com" in letter
    assert b"orders failed" in letter


def test_senders_of_several_processes_send_each_message_once(postgres_db, webhook):
    for number in range(12):
        post_message(postgres_db, key=str(number))
    senders = [notifier(postgres_db, webhook, SetClock()) for _ in range(3)]

    while sum(sender.send_due() for sender in senders):
        for sender in senders:
            sender.wait()

    assert len(webhook.received) == 12
    assert all(row.sent_at for row in rows(postgres_db))
