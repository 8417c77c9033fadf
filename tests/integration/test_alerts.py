"""A server is killed between the end of a run and the message about it, and between the message and its record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.store.tables import outbox
from tests.integration.waiting import eventually
from tests.loop.webhook import Webhook, serve_webhook

pytestmark = pytest.mark.slow

FAILS = """
from scheduler import DAG, task

with DAG("orders", schedule=None):
    @task
    def load():
        raise ValueError("no such currency")

    load()
"""
RULE = """
[[alerts]]
name = "orders"
when = "failure"
dags = ["orders"]
to = ["ops"]
"""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with serve_webhook() as server:
        yield server


def unsent(project):
    with project.db.read() as session:
        return session.scalar(sa.select(sa.func.count()).where(outbox.c.sent_at.is_(None)))


def test_the_message_of_a_leader_that_was_killed_before_it_sent_goes_out_from_the_other(
    new_project, webhook, tables_url, redis_url
):
    project = new_project(
        channel_ops=webhook.address, database_url=tables_url, broker_url=redis_url, secret_key="s" * 44
    )
    project.write("orders.py", FAILS)
    (project.folder / "dirigent.toml").write_text(RULE)
    leading = project.start("scheduler", DIRIGENT_TEST_FAILPOINTS="alerted.committed=crash")
    eventually(lambda: project.record.dag("orders"), told=project.told)
    project.start("scheduler")
    project.start("worker")

    run = project.trigger("orders").until("failed")
    eventually(lambda: unsent(project) == 0, told=project.told)

    assert not leading.is_running
    [message] = webhook.received
    assert message["title"] == "orders failed"
    assert run.run_id in message["message"]
    assert "no such currency" in message["message"]
    listed = project.dirigent("alerts", "history", "--output", "json").stdout
    assert '"rule": "orders"' in listed
    assert webhook.address.partition("://")[2] not in listed


def test_a_message_that_was_sent_and_not_recorded_goes_out_again_with_the_same_id(new_project, webhook):
    project = new_project(channel_ops=webhook.address)
    project.write("orders.py", FAILS)
    (project.folder / "dirigent.toml").write_text(RULE)
    server = project.start(DIRIGENT_TEST_FAILPOINTS="message-sent=crash")
    project.trigger("orders")
    eventually(lambda: not server.is_running, told=project.told)
    assert (len(webhook.received), unsent(project)) == (1, 1)
    with project.db.write() as session:
        session.execute(sa.update(outbox).values(next_try_at=SystemClock().now()))

    project.start()
    eventually(lambda: unsent(project) == 0, told=project.told)

    first, second = webhook.received
    assert first == second
