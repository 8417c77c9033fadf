"""Leases: kept by who renews in time, judged by the database's clock."""

import pytest

from scheduler.core.states import AttemptState
from scheduler.store.attempts import Ending, cancel_attempts, end_attempts, lock_live_attempts
from scheduler.store.claims import claim_attempts
from scheduler.store.leases import (
    cancellations,
    expire_worker,
    expired_attempts,
    renew_leases,
    still_expired,
)
from scheduler.store.runs import find_run
from tests.operations.plays import started_run
from tests.store.specs import NOW

LEASE_S = 60.0


@pytest.fixture
def claimed(write):
    """The attempts of a and b, in this order; worker w1 holds both."""
    write(started_run, states={"a": "queued", "b": "queued"})
    claims = write(
        claim_attempts, NOW, worker_id="w1", hostname="h", queues=["default"], limit=2, lease_s=LEASE_S
    )
    return [each.id for each in claims]


def renew(write, ids, worker_id="w1"):
    return write(renew_leases, worker_id=worker_id, ids=ids, lease_s=LEASE_S)


def expired(write):
    return [row.id for row in write(expired_attempts, 10)]


def cancel(session, attempt_id):
    run_pk = find_run(session, "shop", "r1").id
    rows = [row for row in lock_live_attempts(session, run_pk) if row.id == attempt_id]
    cancel_attempts(session, NOW, rows, "no", actor="ada")


def test_a_lease_is_kept_by_its_holder_alone(write, claimed):
    assert renew(write, claimed).kept == frozenset(claimed)
    assert renew(write, claimed, "w2").kept == frozenset()
    assert renew(write, []).kept == frozenset()


def test_a_lease_that_ran_out_is_not_prolonged_any_more(write, claimed):
    assert write(expire_worker, "w1") == 2
    assert renew(write, claimed).kept == frozenset()
    assert expired(write) == claimed


def test_only_the_leases_of_the_worker_that_is_dead_run_out(write, claimed):
    assert write(expire_worker, "w2") == 0
    assert expired(write) == []


def test_an_attempt_that_has_ended_has_no_lease(write, claimed):
    write(end_attempts, [Ending(attempt_id=claimed[0], state=AttemptState.SUCCESS, end_date=NOW)])
    assert renew(write, claimed).kept == {claimed[1]}
    write(expire_worker, "w1")
    assert expired(write) == [claimed[1]]


def test_the_answer_to_a_renewal_says_what_is_to_be_stopped(write, claimed):
    write(cancel, claimed[1])
    renewal = renew(write, claimed)
    assert renewal.kept == frozenset(claimed)
    assert renewal.cancelled == {claimed[1]: "no"}
    assert write(cancellations, worker_id="w1") == {claimed[1]: "no"}
    assert write(cancellations, worker_id="w2") == {}


def test_what_was_reported_between_looking_and_locking_is_not_lost(write, claimed):
    write(expire_worker, "w1")
    write(end_attempts, [Ending(attempt_id=claimed[0], state=AttemptState.SUCCESS, end_date=NOW)])
    assert [row.id for row in write(still_expired, claimed)] == [claimed[1]]
