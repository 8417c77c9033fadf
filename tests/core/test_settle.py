"""What becomes of a task or a callback whose attempt was lost, stopped, or ended by itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.settle import MAX_LOSSES, MAX_STOPS, settle, settle_callback
from scheduler.core.states import AttemptState, TaskState
from scheduler.wire import Outcome, TaskSpec

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TASK = TaskSpec(task_id="a", operator="EmptyOperator")
COUNT = st.integers(0, 200)


def settled(state, *, try_number=1, max_tries=1, losses=0, cut_short=0, retryable=True):
    outcome = Outcome(attempt_id=1, epoch=1, state=state, retryable=retryable, reason="why")
    return settle(
        outcome,
        TASK,
        try_number=try_number,
        max_tries=max_tries,
        losses=losses,
        now=NOW,
        chance=0.0,
        cut_short=cut_short,
    )


@given(try_number=COUNT, max_tries=COUNT, losses=st.integers(0, MAX_LOSSES - 1), cut_short=COUNT)
def test_a_loss_within_the_limit_is_tried_again_at_once_however_few_tries_are_left(
    try_number, max_tries, losses, cut_short
):
    how = settled("lost", try_number=try_number, max_tries=max_tries, losses=losses, cut_short=cut_short)
    assert (how.attempt, how.task, how.retry_at) == (AttemptState.LOST, TaskState.UP_FOR_RETRY, NOW)
    assert how.is_loss


@given(losses=st.integers(MAX_LOSSES, 200))
def test_a_loss_beyond_the_limit_fails_the_task_and_says_how_many_there_were(losses):
    how = settled("lost", losses=losses)
    assert (how.attempt, how.task) == (AttemptState.LOST, TaskState.FAILED)
    assert how.reason == f"why; given up after {losses + 1} losses"


@given(losses=COUNT, cut_short=st.integers(0, MAX_STOPS - 1))
def test_a_stopped_worker_costs_neither_a_try_nor_a_loss(losses, cut_short):
    how = settled("cancelled", losses=losses, cut_short=cut_short)
    assert (how.attempt, how.task, how.retry_at) == (AttemptState.LOST, TaskState.UP_FOR_RETRY, NOW)
    assert not how.is_loss


def test_a_task_that_is_stopped_without_end_is_given_up():
    how = settled("cancelled", cut_short=MAX_STOPS)
    assert how.task is TaskState.FAILED
    assert how.reason == f"why; given up after {MAX_STOPS + 1} attempts that were cut short"


@given(losses=COUNT, cut_short=COUNT)
def test_what_a_task_did_itself_is_judged_by_its_tries_alone(losses, cut_short):
    again = settled("failed", max_tries=2, losses=losses, cut_short=cut_short)
    last = settled("failed", losses=losses, cut_short=cut_short)
    assert (again.task, last.task) == (TaskState.UP_FOR_RETRY, TaskState.FAILED)


@pytest.mark.parametrize(("state", "limit"), [("lost", MAX_LOSSES), ("cancelled", MAX_STOPS)])
def test_a_callback_that_was_cut_short_runs_again_up_to_a_limit(state, limit):
    assert all(settle_callback(state, count).is_again for count in range(limit))
    assert not settle_callback(state, limit).is_again
    assert settle_callback(state, limit).attempt is AttemptState.LOST


@given(cut_short=COUNT)
def test_a_callback_that_ended_by_itself_is_over(cut_short):
    assert settle_callback("failed", cut_short).attempt is AttemptState.FAILED
    assert settle_callback("success", cut_short).attempt is AttemptState.SUCCESS
    assert not settle_callback("failed", cut_short).is_again


FAILED = Outcome(attempt_id=1, epoch=1, state="failed")


def retried(task, outcome=FAILED, **numbers):
    """Return after how many seconds a failure is tried again."""
    how = settle(outcome, task, losses=0, now=NOW, chance=0.0, **numbers)
    assert how.retry_at
    return (how.retry_at - NOW).total_seconds()


def test_a_policy_chooses_the_delay():
    chosen = Outcome(attempt_id=1, epoch=1, state="failed", retry_delay_s=7.5)
    assert retried(TASK, chosen, try_number=1, max_tries=2) == 7.5


@pytest.mark.parametrize(
    ("try_number", "max_tries", "delay_s"),
    [(1, 4, 10), (2, 4, 20), (3, 4, 40), (101, 104, 10), (102, 104, 20)],
)
def test_the_delay_grows_with_failures_and_not_with_what_was_put_off_or_lost(try_number, max_tries, delay_s):
    task = TaskSpec(task_id="a", operator="FileSensor", retries=3, retry_delay_s=10, retry_backoff=2)
    assert retried(task, try_number=try_number, max_tries=max_tries) == pytest.approx(delay_s)
