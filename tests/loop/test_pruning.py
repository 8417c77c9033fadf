"""What the loop deletes, when, and what it leaves."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.loop.pruning import REST, Prune
from scheduler.store import accounts, api_tokens, logs, outbox, sessions, workers
from scheduler.store.snapshots import Entry, store_snapshot
from scheduler.store.tables import attempt, metadata
from tests.loop.engine import NOW, spec, task

DAY = timedelta(days=1)


@pytest.fixture
def count(db):
    """Count the rows of a table."""

    def rows(table):
        with db.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(metadata.tables[table]))

    return rows


@pytest.fixture
def prune(db):
    """Prune once, as the leader does at a sweep: `prune(now)`."""
    return lambda now, limit=10, duty=None: db.transact(
        lambda session: (duty or Prune())(session, now, limit)
    )


def test_sign_ins_go_when_they_have_expired(db, prune, count):
    with db.write() as session:
        sessions.add_link(session, NOW, "a link")
        sessions.open_session(session, NOW, "a session", "owner", "link")
    assert prune(NOW) == 0
    assert prune(NOW + DAY) == 1
    assert (count("sign_in_token"), count("session")) == (0, 1)
    assert prune(NOW + 31 * DAY) == 1
    assert count("session") == 0


def test_tokens_go_a_week_after_they_counted(db, prune, count):
    with db.write() as session:
        accounts.add_account(session, NOW, "ada")
        for name, days in [("expires", 1), ("revoked", None), ("stays", None)]:
            ends = None if days is None else NOW + days * DAY
            api_tokens.add_token(session, NOW, "ada", name, name, expires_at=ends)
        api_tokens.revoke_tokens(session, NOW, "ada", ["revoked"])
    assert prune(NOW + 6 * DAY) == 0
    assert (prune(NOW + 7.5 * DAY), prune(NOW + 9 * DAY)) == (1, 1)
    assert (prune(NOW + 999 * DAY), count("api_token")) == (0, 1)


def test_messages_go_a_month_after_they_were_sent_or_given_up_and_never_unsent(db, prune, count):
    with db.write() as session:
        for key in ("sent", "given up", "waiting"):
            outbox.post(session, NOW, key, "ops", {})
        sent, given_up, _ = outbox.lock_due_messages(session, NOW, 3, ["ops"])
        outbox.note_sent(session, NOW, sent.id)
        outbox.note_failed(session, NOW + outbox.TRIED_FOR, given_up, "refused")
    duty = Prune(channels=["ops"])
    assert prune(NOW + 30 * DAY, duty=duty) == 0
    assert prune(NOW + 31 * DAY, duty=duty) == 2
    assert count("outbox") == 1


def test_a_message_to_a_channel_that_does_not_exist_waits_for_one_and_then_goes(db, prune, count):
    with db.write() as session:
        outbox.post(session, NOW, "key", "opps", {})
    prune(NOW + outbox.TRIED_FOR)
    with db.read() as session:
        assert [each.waiting for each in outbox.list_channels(session)] == [1]
    prune(NOW + outbox.TRIED_FOR + DAY)
    with db.read() as session:
        assert outbox.list_channels(session) == [outbox.ChannelRow("opps", 0, None, outbox.NO_CHANNEL)]
    assert prune(NOW + 31 * DAY) == 1


def test_logs_in_the_database_go_when_they_are_old_and_those_of_live_attempts_stay(db, engine, prune):
    engine.define(spec(task("over"), task("runs")))
    engine.trigger()
    engine.worker()
    engine.advance()
    over, runs = (claim.id for claim in engine.claim())
    with db.write() as session:
        logs.put_chunks(session, [(each, start, b"12345") for each in (over, runs) for start in (0, 5)])
        session.execute(sa.update(attempt).values(end_date=NOW).where(attempt.c.id == over))
        session.execute(sa.update(metadata.tables["worker"]).values(lease_until=NOW + 99 * DAY))
    assert prune(NOW + 30 * DAY) == 0
    assert prune(NOW + 31 * DAY, duty=Prune(log_days=0)) == 0
    assert prune(NOW + 31 * DAY) == 1
    with db.read() as session:
        assert logs.log_end(session, over) is None
        assert logs.log_end(session, runs) == 10


def test_workers_go_a_day_after_they_stopped(db, engine, prune, count):
    engine.worker("w2")
    with db.write() as session:
        workers.stop_worker(session, NOW, "w2")
    assert prune(NOW + DAY) == 0
    assert prune(NOW + DAY + timedelta(seconds=1)) == 1
    assert count("worker") == 1


def test_workers_go_a_day_after_they_died(db, engine, prune, count):
    with db.write() as session:
        session.execute(sa.update(metadata.tables["worker"]).values(lease_until=NOW))
    assert prune(NOW + DAY) == 0
    assert prune(NOW + DAY + timedelta(seconds=1)) == 1
    assert count("worker") == 0


def test_code_goes_a_day_after_it_was_replaced_and_history_stays(db, engine, prune, count):
    engine.define(spec(task("a")))
    run = engine.trigger()
    engine.run_to_end()
    with db.write() as session:
        for day in range(3):
            store_snapshot(session, {"a.py": Entry(str(day), 1, 0o644)}, NOW + day * DAY)
    before = {
        table: count(table) for table in ("dag_run", "task_instance", "attempt", "event", "dag_version")
    }
    assert prune(NOW + 3 * DAY) == 2
    assert count("snapshot") == 2
    assert engine.run_state(run) == "success"
    assert {table: count(table) for table in before} == before


def test_a_full_batch_is_followed_by_another_and_a_short_one_by_a_rest(db, prune, count):
    duty = Prune()
    with db.write() as session:
        for number in range(5):
            outbox.post(session, NOW, str(number), "ops", {})
            outbox.note_sent(session, NOW, number + 1)
    late = NOW + 31 * DAY
    assert [prune(late, 2, duty) for _ in range(3)] == [2, 2, 1]
    with db.count() as counted:
        assert prune(late + REST / 2, 2, duty) == 0
    assert [text for text in counted.statements if "BEGIN" not in text] == []
    with db.write() as session:
        outbox.post(session, NOW, "6", "ops", {})
        (message,) = outbox.lock_due_messages(session, NOW, 1, ["ops"])
        outbox.note_sent(session, NOW, message.id)
    assert prune(late + REST, 2, duty) == 1
