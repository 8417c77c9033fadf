"""The waits of a worker, on a real database, with a supervisor that notes what it is to watch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest
import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.core.states import TaskState
from scheduler.dispatch.waiter import Waiter
from scheduler.runtime.waits import Wait, Waited
from scheduler.store.graph_cache import GraphCache
from scheduler.store.tables import task_instance, wait
from scheduler.store.tasks import move_tasks
from scheduler.store.waits import claim_waits
from tests.dispatch.test_worker import PLAN
from tests.integration.waiting import eventually
from tests.operations.plays import worker
from tests.store.specs import NOW
from tests.store.test_waits import defer


class Watching:
    """Watches nothing, and tells what it was to watch."""

    def __init__(self):
        self.asked: SimpleQueue[Wait] = SimpleQueue()
        self.dropped: SimpleQueue[int] = SimpleQueue()

    def watch(self, waits):
        for each in waits:
            self.asked.put(each)

    def unwatch(self, ids):
        for each in ids:
            self.dropped.put(each)


@pytest.fixture
def watching():
    return Watching()


@pytest.fixture
def waiter(db, watching):
    """A waiter whose worker looks after its waits at each step."""
    db.transact(worker)
    made = Waiter(
        db,
        replace(PLAN, heartbeat_s=0.1),
        clock=SystemClock(),
        graphs=GraphCache(),
        watching=lambda: watching,
        code_root=lambda session, snapshot_id: Path("/code"),
    )
    made.start()
    yield made
    made.close()


def state_of(db, ti_id):
    with db.read() as session:
        return session.scalars(sa.select(task_instance.c.state).where(task_instance.c.id == ti_id)).one()


def resume_of(db, ti_id):
    with db.read() as session:
        return session.scalars(sa.select(task_instance.c.resume).where(task_instance.c.id == ti_id)).one()


def test_a_deferred_task_is_watched_with_its_code_and_goes_on(db, waiter, watching):
    [a] = db.transact(lambda session: defer(session, "a"))
    waiter.ring()
    asked = watching.asked.get(timeout=30)
    assert (asked.trigger, asked.code_root, asked.file) == ("t.Trigger", "/code", "shop.py")
    waiter.said({asked.id: ["looking"]})
    waiter.ended([Waited(id=asked.id, kind="event", event=7)])
    eventually(lambda: state_of(db, a) == "scheduled")
    assert (resume_of(db, a)["event"], resume_of(db, a)["said"]) == (7, ["looking"])


def test_an_event_that_the_database_refuses_fails_its_own_task_alone(db, waiter, watching):
    a, b = db.transact(defer)
    waiter.ring()
    first, second = watching.asked.get(timeout=30), watching.asked.get(timeout=30)
    waiter.ended([Waited(id=first.id, kind="event", event={1}), Waited(id=second.id, kind="event", event=2)])
    eventually(lambda: state_of(db, b) == "scheduled")
    eventually(lambda: state_of(db, a) == "scheduled")
    assert "cannot be kept" in resume_of(db, a)["error"]
    assert resume_of(db, b)["event"] == 2


def test_a_wait_whose_task_was_marked_is_watched_no_longer_and_forgotten(db, waiter, watching):
    [a] = db.transact(lambda session: defer(session, "a"))
    waiter.ring()
    asked = watching.asked.get(timeout=30)
    db.transact(lambda session: move_tasks(session, NOW, [a], TaskState.SKIPPED))
    waiter.ring()
    assert watching.dropped.get(timeout=30) == asked.id

    def is_gone():
        with db.read() as session:
            return not session.execute(sa.select(wait)).all()

    eventually(is_gone)


def test_a_task_goes_on_though_its_trigger_does_not_end_when_its_time_is_up(db, waiter, watching):
    [a] = db.transact(lambda session: defer(session, "a", timeout_s=1.0))
    waiter.ring()
    asked = watching.asked.get(timeout=30)
    assert watching.dropped.get(timeout=30) == asked.id
    eventually(lambda: state_of(db, a) == "scheduled")
    assert resume_of(db, a)["kind"] == "timeout"


def test_a_wait_that_was_claimed_by_a_commit_whose_answer_never_came_is_watched(db, waiter, watching):
    def claim_unknown(session):
        defer(session, "a")
        claim_waits(session, worker_id="w1", queues=["default"], limit=9)

    db.transact(claim_unknown)
    waiter.ring()
    assert watching.asked.get(timeout=30).trigger == "t.Trigger"


def test_a_waiter_that_stops_leaves_its_waits_to_others(db, waiter, watching):
    db.transact(lambda session: defer(session, "a"))
    waiter.ring()
    watching.asked.get(timeout=30)
    waiter.close()
    with db.read() as session:
        assert session.scalars(sa.select(wait.c.worker_id)).all() == [None]
