"""Claims: the best queued attempts, each by one worker, with a higher epoch each time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.states import AttemptState, TaskState
from scheduler.store.attempts import cancel_attempts, lock_live_attempts, lock_reported
from scheduler.store.claims import claim_attempts, has_queued, release_attempts
from scheduler.store.leases import renew_leases
from scheduler.store.runs import lock_runs
from scheduler.store.tables import attempt
from scheduler.store.tasks import move_tasks, tasks_named
from scheduler.store.tickets import queue_callback, queue_tasks
from scheduler.wire import TaskSpec
from tests.operations.plays import started_run, states_of
from tests.store.contention import met_by
from tests.store.specs import NOW, spec


def claim(session, worker_id="w1", *, queues=("default",), limit=10):
    return claim_attempts(
        session, NOW, worker_id=worker_id, hostname="host", queues=queues, limit=limit, lease_s=60.0
    )


def names(claims):
    return [each.task_id for each in claims]


@pytest.fixture
def ref(write):
    """A run whose tasks a and b are queued."""
    return write(started_run, states={"a": "queued", "b": "queued"})


def test_a_claimed_attempt_runs_and_so_does_its_task(db, write, ref):
    first, _ = write(claim)
    assert (first.task_id, first.epoch, first.run_id, first.dag_id) == ("a", 1, "r1", "shop")
    assert states_of(db, ref) == {"a": "running", "b": "running", "c": "none"}
    (row, _) = write(lock_live_attempts, ref.run_pk)
    assert (row.state, row.worker_id, row.hostname) == (AttemptState.RUNNING, "w1", "host")


def test_what_one_worker_took_another_does_not_find(write, ref):
    assert names(write(claim, limit=1)) == ["a"]
    assert names(write(claim, "w2")) == ["b"]
    assert write(claim, "w3") == []


def test_the_highest_priority_is_claimed_first_then_the_oldest(write):
    weights = {"late": 1, "early": 1, "urgent": 9}
    made = tuple(TaskSpec(task_id=name, operator="X", priority_weight=n) for name, n in weights.items())
    ref = write(started_run, spec(tasks=made), states=dict.fromkeys(weights, "scheduled"))
    for minutes, name in enumerate(("early", "late", "urgent")):
        (row,) = write(tasks_named, ref.run_pk, [name])
        write(queue_tasks, NOW + timedelta(minutes=minutes), [row.id])
    assert names(write(claim)) == ["urgent", "early", "late"]


def test_no_attempt_is_claimed_before_it_was_queued_though_the_worker_was_stopped_since_its_look_at_the_clock(
    db, write
):
    ref = write(started_run, states={"a": "scheduled"})
    (row,) = write(tasks_named, ref.run_pk, ["a"])
    write(queue_tasks, NOW + timedelta(seconds=3), [row.id])
    assert names(write(claim)) == ["a"]
    with db.read() as session:
        (claimed_at,) = session.execute(sa.select(attempt.c.claimed_at)).scalars()
    assert claimed_at == NOW + timedelta(seconds=3)


def test_a_worker_claims_from_its_own_queues_alone(write, ref):
    write(queue_callback, NOW, run_pk=ref.run_pk, kind="dag_callback", payload={"x": 1}, queue="gpu")
    assert write(has_queued, ["gpu"])
    (only,) = write(claim, queues=["gpu"])
    assert (only.kind, only.task_id, only.payload) == ("dag_callback", "", {"x": 1})
    assert not write(has_queued, ["gpu"])
    assert write(has_queued, ["default"])


def test_an_attempt_that_is_given_back_is_claimed_again_with_a_higher_epoch(db, write, ref):
    first = write(claim, limit=1)
    write(release_attempts, NOW, [each.id for each in first], worker_id="w1")
    assert states_of(db, ref)["a"] == "queued"
    (again,) = write(claim, "w2", limit=1)
    assert (again.id, again.epoch) == (first[0].id, 2)
    assert write(renew_leases, worker_id="w1", ids=[again.id], lease_s=60.0).kept == frozenset()


def test_nobody_gives_back_what_another_holds(db, write, ref):
    write(claim, limit=1)
    write(release_attempts, NOW, [each.id for each in write(claim, "w2")], worker_id="w1")
    assert states_of(db, ref) == {"a": "running", "b": "running", "c": "none"}


def cancel(session, run_pk, ti_id):
    cancel_attempts(session, NOW, lock_live_attempts(session, run_pk, [ti_id]), "no", actor="ada")


def test_a_cancelled_attempt_that_is_given_back_ends_instead(write, ref):
    (taken,) = write(claim, limit=1)
    write(move_tasks, NOW, [taken.ti_id], TaskState.FAILED)
    write(cancel, ref.run_pk, taken.ti_id)
    write(release_attempts, NOW, [taken.id], worker_id="w1")
    (row,) = write(lock_reported, [taken.id])
    assert row.state == AttemptState.CANCELLED


@pytest.mark.postgres
def test_an_attempt_that_is_cancelled_while_it_is_given_back_ends_instead(postgres_db):
    ref = postgres_db.transact(lambda session: started_run(session, states={"a": "queued"}))
    (taken,) = postgres_db.transact(claim)

    def give_back():
        postgres_db.transact(lambda session: release_attempts(session, NOW, [taken.id], worker_id="w1"))

    with met_by(postgres_db, give_back) as session:
        cancel(session, ref.run_pk, taken.ti_id)
        move_tasks(session, NOW, [taken.ti_id], TaskState.NONE)
    (row,) = postgres_db.transact(lambda session: lock_reported(session, [taken.id]))
    assert row.state == AttemptState.CANCELLED


@pytest.mark.postgres
def test_a_report_and_a_person_who_meet_at_a_run_wait_for_each_other_in_one_order(postgres_db):
    ref = postgres_db.transact(lambda session: started_run(session, states={"a": "queued"}))
    (taken,) = postgres_db.transact(claim)

    def report():
        with postgres_db.write() as session:
            lock_reported(session, [taken.id])

    with met_by(postgres_db, report, before=lambda session: lock_runs(session, [ref.run_pk])) as session:
        cancel(session, ref.run_pk, taken.ti_id)


@pytest.mark.postgres
def test_two_workers_that_claim_at_once_wait_for_nobody_and_share(postgres_db):
    postgres_db.transact(lambda session: started_run(session, states={"a": "queued", "b": "queued"}))
    with postgres_db.write() as first, postgres_db.write() as second:
        assert names(claim(first, limit=1)) == ["a"]
        assert names(claim(second, "w2")) == ["b"]
