"""Queued work and its tickets: an attempt stands in the table before its ticket goes out, and is rung for again."""

import pytest
import sqlalchemy as sa

from scheduler.store.attempts import lock_live_attempts
from scheduler.store.tables import attempt
from scheduler.store.tasks import tasks_of_run
from scheduler.store.tickets import TICKET_IN, overdue_queues, queue_callback, queue_tasks, waiting_queues
from tests.operations.plays import started_run, states_of
from tests.store.specs import NOW


@pytest.fixture
def ref(write):
    """A run whose task a is scheduled."""
    return write(started_run, states={"a": "scheduled"})


@pytest.fixture
def ids(write, ref):
    return {row.task_id: row.id for row in write(tasks_of_run, ref.run_pk)}


def test_a_task_is_queued_with_a_new_attempt_of_the_next_try(db, write, ref, ids):
    assert write(queue_tasks, NOW, [ids["a"]]) == {"default"}
    (row,) = write(lock_live_attempts, ref.run_pk)
    assert (row.ti_id, row.kind, row.try_number, row.epoch, row.state) == (ids["a"], "task", 1, 0, "queued")
    assert states_of(db, ref)["a"] == "queued"


def test_queueing_twice_makes_one_attempt(write, ref, ids):
    write(queue_tasks, NOW, [ids["a"]])
    assert write(queue_tasks, NOW, [ids["a"]]) == set()
    assert len(write(lock_live_attempts, ref.run_pk)) == 1


def test_only_scheduled_tasks_are_queued(write, ref, ids):
    assert write(queue_tasks, NOW, [ids["b"]]) == set()
    assert write(lock_live_attempts, ref.run_pk) == []


def test_a_callback_is_an_attempt_of_its_own(write, ref):
    payload = {"callback": "on_failure"}
    assert write(queue_callback, NOW, run_pk=ref.run_pk, kind="dag_callback", payload=payload) == "default"
    (row,) = write(lock_live_attempts, ref.run_pk)
    assert (row.ti_id, row.kind) == (None, "dag_callback")


def test_a_ticket_that_seems_lost_is_rung_for_again_once_each_time_its_deadline_comes(write, ref, ids):
    write(queue_tasks, NOW, [ids["a"]])
    assert write(overdue_queues, NOW) == set()
    assert write(overdue_queues, NOW + TICKET_IN) == {"default"}
    assert write(overdue_queues, NOW + TICKET_IN) == set()
    assert write(overdue_queues, NOW + 2 * TICKET_IN) == {"default"}


def test_queues_hold_what_nobody_has_claimed(write, ref, ids):
    write(queue_tasks, NOW, [ids["a"]])
    write(queue_callback, NOW, run_pk=ref.run_pk, kind="dag_callback", payload={}, queue="gpu")
    assert write(waiting_queues) == {"default", "gpu"}
    write(lambda session: session.execute(sa.update(attempt).values(state="running")))
    assert write(waiting_queues) == set()
