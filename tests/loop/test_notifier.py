from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import sqlalchemy as sa

from scheduler.errors import BadSetting
from scheduler.loop.notifier import Notifier
from scheduler.store.outbox import post_run_failed
from scheduler.store.tables import outbox

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


class Service(ThreadingHTTPServer):
    """A service that keeps what it is sent, and answers with `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received = []
        self.status = 200


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture
def webhook():
    server = Service()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def notifier(db, webhook, clock):
    return Notifier(db, clock, [f"json://127.0.0.1:{webhook.server_port}/"], "http://page")


def fail_a_run(db):
    with db.write() as session:
        post_run_failed(session, NOW, "orders", "manual__1", "failed: load")


def test_a_failed_run_is_told_once_with_its_reason_and_link(db, webhook):
    fail_a_run(db)
    sender = notifier(db, webhook, SetClock())

    assert sender.send_due() == 1
    assert sender.send_due() == 0

    [message] = webhook.received
    assert message["title"] == "orders failed"
    assert "failed: load" in message["message"]
    assert "http://page/dags/orders/runs/manual__1" in message["message"]


def test_a_message_that_a_service_refuses_is_sent_again_later(db, webhook):
    fail_a_run(db)
    clock = SetClock()
    sender = notifier(db, webhook, clock)
    webhook.status = 500

    sender.send_due()
    assert sender.send_due() == 0
    webhook.status = 200
    clock.instant += timedelta(seconds=31)
    assert sender.send_due() == 1

    with db.read() as session:
        [row] = session.execute(sa.select(outbox))
    assert (row.tries, row.error, row.sent_at) == (1, "", clock.instant)


def test_an_address_that_cannot_be_is_refused_without_showing_it(db):
    with pytest.raises(BadSetting) as raised:
        Notifier(db, SetClock(), ["nonsense-with-token-s3cret"], "http://page")

    assert "s3cret" not in str(raised.value)
