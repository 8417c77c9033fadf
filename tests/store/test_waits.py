"""Waits: who watches them, how their tasks go on, and what no longer counts."""

from datetime import timedelta

import pytest

from scheduler.core.states import TaskState
from scheduler.store.claims import claim_attempts
from scheduler.store.reruns import clear_tasks
from scheduler.store.tasks import move_tasks, tasks_of_run
from scheduler.store.tickets import queue_tasks
from scheduler.store.waits import (
    Ended,
    NewWait,
    claim_waits,
    forget_resumes,
    gone_watchers,
    has_unwatched,
    note_said,
    put_waits,
    release_waits,
    resume_tasks,
    shown_wait,
    watched,
)
from scheduler.store.workers import stop_worker
from scheduler.wire import Deferral
from tests.operations.plays import started_run, worker
from tests.store.specs import NOW, spec

QUEUES = ["default"]


def defer(session, task_ids="ab", **asked):
    """Have running tasks of a new run wait; return their ids."""
    tasks = tuple(each for each in spec().tasks)
    ref = started_run(session, spec(tasks=tasks), states=dict.fromkeys(task_ids, "running"))
    ids = [row.id for row in tasks_of_run(session, ref.run_pk) if row.task_id in task_ids]
    move_tasks(session, NOW, ids, TaskState.DEFERRED)
    deferral = Deferral(trigger="t.Trigger", kwargs={"n": 1}, method="go_on", next_kwargs={"k": 2}, **asked)
    words, secrets = "waits for Trigger(n=1)", ("hunter22",)
    put_waits(session, NOW, [NewWait(ref.run_pk, each, deferral, words, secrets) for each in ids])
    return ids


def claim(write, worker_id="w1", limit=10):
    return write(claim_waits, worker_id=worker_id, queues=QUEUES, limit=limit)


def resume(write, rows, worker_id="w1", **more):
    ended = [Ended(row.id, row.run_pk, {"kind": "event", "event": 7, **more}) for row in rows]
    return [row.id for row in write(resume_tasks, NOW, worker_id, ended)]


def run_again(session, ids):
    queue_tasks(session, NOW, ids)
    return claim_attempts(session, NOW, worker_id="w1", hostname="h", queues=QUEUES, limit=9, lease_s=60.0)


def test_a_wait_is_watched_by_one_worker_and_the_oldest_go_first(write):
    a, _ = write(defer)
    assert write(has_unwatched, QUEUES)
    assert not write(has_unwatched, ["other"])
    assert [row.task_id for row in claim(write, limit=1)] == ["a"]
    assert [row.task_id for row in claim(write, "w2")] == ["b"]
    assert claim(write) == []
    assert not write(has_unwatched, QUEUES)
    assert write(shown_wait, a).hostname == "host"


def test_a_wait_carries_what_its_trigger_is_made_of_and_until_when(write):
    write(defer, "a", timeout_s=60.0)
    (row,) = claim(write)
    assert (row.trigger, row.kwargs, row.timeout_at) == ("t.Trigger", {"n": 1}, NOW + timedelta(minutes=1))
    assert row.secrets == ["hunter22"]


def test_a_task_goes_on_with_what_came_of_its_wait(write):
    ids = write(defer)
    rows = claim(write)
    write(note_said, {rows[0].id: ["one"]})
    write(note_said, {rows[0].id: ["two"]})
    assert resume(write, rows, secrets=["of the event"]) == ids
    first, second = write(run_again, ids)
    assert first.resume["secrets"] == ["hunter22", "of the event"]
    assert first.resume["said"] == ["one", "two"]
    assert second.resume["said"] == []
    assert first.resume["waited"] == "waited for Trigger(n=1)"
    assert {key: first.resume[key] for key in ("kind", "event", "method", "kwargs")} == {
        "kind": "event",
        "event": 7,
        "method": "go_on",
        "kwargs": {"k": 2},
    }
    assert write(watched, "w1") == {}


def test_only_who_watches_a_wait_ends_it(write):
    write(defer)
    rows = claim(write)
    assert resume(write, rows, "w2") == []
    assert write(release_waits, ["w1"]) == 2
    assert resume(write, rows) == []
    assert len(claim(write, "w2")) == 2


def test_the_wait_of_a_task_that_was_marked_moves_nothing(write):
    a, b = write(defer)
    rows = claim(write)
    write(move_tasks, NOW, [a], TaskState.SKIPPED)
    assert write(watched, "w1") == {row.id: row.task_id == "b" for row in rows}
    assert resume(write, rows) == [b]


def test_the_wait_of_a_task_that_was_marked_before_anybody_watched_is_deleted(write):
    a, _ = write(defer)
    write(move_tasks, NOW, [a], TaskState.SKIPPED)
    assert [row.task_id for row in claim(write)] == ["b"]
    assert write(shown_wait, a) is None


def test_a_task_that_was_cleared_begins_anew(write):
    a, b = write(defer)
    resume(write, claim(write))
    write(clear_tasks, NOW, [a], retries=0, actor="ada")
    write(move_tasks, NOW, [a], TaskState.SCHEDULED)
    write(forget_resumes, [b])
    assert [each.resume for each in write(run_again, [a, b])] == [None, None]


@pytest.mark.parametrize("is_stopped", [True, False])
def test_waits_of_a_worker_that_is_gone_are_free(write, is_stopped):
    write(defer)
    claim(write)
    write(worker)
    if is_stopped:
        write(stop_worker, NOW, "w1")
    assert write(gone_watchers) == ({"w1"} if is_stopped else set())
