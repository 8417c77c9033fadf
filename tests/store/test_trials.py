"""Trials of connections: one at a time of a connection, taken once, over when their time is."""

from datetime import timedelta

from scheduler.store.trials import (
    KEPT_FOR,
    NewTrial,
    TrialRow,
    claim_trials,
    count_live,
    delete_old_trials,
    end_trial,
    find_trial,
    has_pending,
    put_trial,
)
from tests.store.specs import NOW

SOON = NOW + timedelta(minutes=1)
NEW = {"account": "ada", "team_name": None, "queue": "default", "is_kept": False, "sealed": b"x"}


def _put(write, name, conn_id="db", now=NOW, **more):
    return write(
        put_trial, now, NewTrial(hash=name, conn_id=conn_id, **NEW | more), now + timedelta(minutes=1)
    )


def _claim(write, worker="w1", queues=("default",), limit=9, now=NOW):
    more = {"worker_id": worker, "queues": queues, "limit": limit, "ends_at": now + timedelta(minutes=1)}
    return sorted(each.hash for each in write(claim_trials, now, **more))


def _find(db, name, now=NOW, account="ada"):
    with db.read() as session:
        return find_trial(session, now, name, account)


def test_a_connection_is_tried_out_once_at_a_time_until_that_is_over(db, write):
    assert _put(write, "a")
    assert not _put(write, "b")
    assert _put(write, "c", "other")
    assert _put(write, "d", now=SOON), "nobody took the first within its time"
    assert _find(db, "a", SOON).message == "No worker that tries connections out takes from queue default."


def test_one_worker_of_its_queue_takes_it_and_writes_how_it_ended(db, write):
    for name, queue in (("a", "default"), ("b", "gpu"), ("c", "default")):
        _put(write, name, name, queue=queue)
    with db.read() as session:
        assert has_pending(session, NOW, ["gpu"])
        assert not has_pending(session, NOW, ["cpu"])
    assert _claim(write, limit=1) == ["a"]
    assert _claim(write, "w2", ("default", "gpu")) == ["b", "c"]
    assert _claim(write) == []
    assert not write(end_trial, "a", "w2", is_ok=True, message="of another worker")
    assert write(end_trial, "a", "w1", is_ok=True, message="fine")
    assert not write(end_trial, "a", "w1", is_ok=False, message="again")
    assert _find(db, "a") == TrialRow("a", "success", "fine", NOW)
    assert _find(db, "a", account="eve") is None


def test_one_whose_worker_died_has_failed_and_what_was_tried_out_is_kept_no_longer(db, write):
    _put(write, "a")
    _claim(write)
    assert _find(db, "a").state == "running"
    late = _find(db, "a", SOON)
    assert (late.state, late.message) == ("failed", "The worker that tried it out ended without an answer.")
    with db.read() as session:
        assert [count_live(session, *each) for each in ((NOW, "ada"), (NOW, "eve"), (SOON, "ada"))] == [
            (1, 1),
            (0, 1),
            (0, 0),
        ]
    assert write(delete_old_trials, SOON, 9) == 0
    with db.read() as session:
        assert session.exec_driver_sql("SELECT sealed FROM connection_trial").all() == [(None,)]
    assert _put(write, "b", now=SOON)
    assert write(delete_old_trials, SOON + KEPT_FOR, 9) == 1
    assert _find(db, "a") is None
    with db.read() as session:
        assert session.exec_driver_sql("SELECT hash FROM connection_trial").all() == [("b",)]
