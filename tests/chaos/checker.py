"""Holds what tasks told and what the database recorded against the promises; it says every breach in words.

Each rule is a function of a `Case` that yields sentences. The rules assume what the scenarios keep to: tasks that keep
the ledger (`tests.chaos.ledger`). What people ask for meanwhile allows what `tests.chaos.asked` says, and no more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from scheduler.core.states import (
    FINISHED,
    RUN_FINISHED,
    RunState,
    TaskState,
    run_states_before,
    states_before,
)
from tests.chaos.asked import (
    BY_HAND,
    plans_follow_states,
    pools_hold_what_they_were_given,
    what_was_asked_is_done,
    what_was_taken_back_ends,
)
from tests.chaos.case import Case, is_by_hand, key_of
from tests.chaos.history import Move, Run, Task
from tests.chaos.loads import Loads

#: Two processes of one machine may disagree about the order of two instants by so much: `now` is asked before a
#: transaction begins, which may have to wait.
TOLERANCE_S = 2.0
#: A loss is recorded at an instant that is asked for a moment before the database finds the lease run out.
LOSS_TOLERANCE_S = 0.25


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, and how."""

    rule: str
    words: str


Rule = Callable[[Case], Iterator[str]]


def check(case: Case, but: Collection[Rule] = ()) -> list[Violation]:
    """Return every breach of every rule, but for some rules."""
    return [Violation(rule.__name__, words) for rule in RULES if rule not in but for words in rule(case)]


def nothing_is_lost(case: Case) -> Iterator[str]:
    """Every run came to its end as it should, and so did every task of it.

    Where a person touched it a run may have failed, and a task be in any end but a failure of its own.
    """
    for run in case.history.runs:
        if run.state != _wanted(case, run) and not (run.id in case.touched and run.state in RUN_FINISHED):
            yield f"run {run.run_id} is {run.state}"
    for task in case.history.tasks:
        if task.state != _wanted(case, case.runs[task.run_pk]) and not _was_ended_by_hand(case, task):
            yield f"{case.name(task.id)} is {task.state}: {task.reason}"


def _was_ended_by_hand(case: Case, task: Task) -> bool:
    """Whether a person ended it, or what a person ended: `plans_follow_states` knows whether that follows."""
    move = case.last_moves.get(("task.state", task.id))
    if task.run_pk not in case.touched or move is None or move.to_state != task.state:
        return False
    is_end = task.state in FINISHED
    return is_end and (is_by_hand(move) or task.state in (TaskState.UPSTREAM_FAILED, TaskState.SKIPPED))


def no_retry_is_used_up(case: Case) -> Iterator[str]:
    """What happens to servers is no failure of a task: an attempt fails by its own doing only."""
    for attempt in case.history.attempts:
        is_meant = case.runs[attempt.run_pk].dag_id in case.fails or re.search(case.forgiven, attempt.reason)
        if attempt.state == "failed" and not is_meant:
            yield f"attempt {attempt.id} failed: {attempt.reason}"


def _wanted(case: Case, run: Run) -> str:
    """Return the state that a run and all its tasks are to have: both enumerations have the same word for it."""
    return RunState.FAILED.value if run.dag_id in case.fails else RunState.SUCCESS.value


def success_is_earned(case: Case) -> Iterator[str]:
    """An attempt that counts as success began once and ended once, by its own word."""
    told = {life.attempt_id: life for life in case.lives if life.ends}
    for attempt in case.history.attempts:
        if attempt.state == "success" and attempt.kind == "task":
            life = told.get(attempt.id)
            if life is None or life.epoch != attempt.epoch:
                yield f"attempt {attempt.id}, epoch {attempt.epoch} is a success, but its code did not come to its end"


def code_begins_once_a_claim(case: Case) -> Iterator[str]:
    """One claim starts user code at most once."""
    for life in case.lives:
        if life.begins != 1 or life.ends > 1:
            yield f"{life.name} began {life.begins} times and ended {life.ends} times"


def attempts_are_known(case: Case) -> Iterator[str]:
    """Whatever ran, the database had given out."""
    for life in case.lives:
        attempt = case.attempts.get(life.attempt_id)
        if attempt is None or not 1 <= life.epoch <= attempt.epoch:
            yield f"{life.name} ran, but was never claimed"


def one_outcome_is_recorded(case: Case) -> Iterator[str]:
    """A task that is done has one attempt that ended so, the last one, and entered its state once.

    Each time that a person opened it, it may do so once more; what a person marked needs no attempt.
    """
    ends = Counter(
        (move.ti_id, move.to_state)
        for move in case.history.moves
        if move.kind == "task.state" and not is_by_hand(move)
    )
    opened = {move.ti_id for move in case.history.moves if move.kind == "task.state" and is_by_hand(move)}
    for task in case.history.tasks:
        states = [attempt.state for attempt in case.attempts_of.get(task.id, [])]
        if states.count("success") != ends[task.id, TaskState.SUCCESS]:
            yield f"{case.name(task.id)} succeeded {ends[task.id, 'success']} times by {', '.join(states) or 'none'}"
        if task.state == TaskState.SUCCESS and not _is_marked(case, task) and states[-1:] != ["success"]:
            yield f"{case.name(task.id)} is {task.state} with the attempts {', '.join(states) or 'none'}"
        count = ends[task.id, TaskState.SUCCESS] + ends[task.id, TaskState.FAILED]
        if task.state in (TaskState.SUCCESS, TaskState.FAILED) and count != 1 and task.id not in opened:
            yield f"{case.name(task.id)} came to an end {count} times"
    for attempt in case.history.attempts:
        if attempt.state in ("queued", "running"):
            yield f"attempt {attempt.id} is still {attempt.state}"


def _is_marked(case: Case, task: Task) -> bool:
    move = case.last_moves.get(("task.state", task.id))
    return move is not None and is_by_hand(move)


def one_attempt_lives_at_a_time(case: Case) -> Iterator[str]:
    """No two lives of a task instance overlap."""
    for ti_id, lives in case.lives_of_task.items():
        for one, next_one in pairwise(lives):
            if next_one.began < one.seen:
                yield (
                    f"{case.name(ti_id)}: {next_one.name} began {one.seen - next_one.began:.3f} s "
                    f"before {one.name} was last seen alive"
                )


def none_outlives_its_lease(case: Case) -> Iterator[str]:
    """Nobody is seen alive after the database recorded the loss."""
    for life in case.lives:
        attempt = case.attempts.get(life.attempt_id)
        if (
            attempt is None
            or attempt.state != "lost"
            or attempt.end_date is None
            or life.epoch != attempt.epoch
        ):
            continue
        late_s = case.origin_s + life.seen - attempt.end_date.timestamp()
        if late_s > LOSS_TOLERANCE_S + case.skew_s and "stopped answering" in attempt.reason:
            yield f"{life.name} was seen alive {late_s:.3f} s after it counted as lost"


def upstreams_come_first(case: Case) -> Iterator[str]:
    """No task begins before all that it waits for have ended well once, or were marked so by a person.

    What happens once something above is cleared: `plans_follow_states`.
    """
    ended = _ends(case)
    for ti_id, lives in case.lives_of_task.items():
        task = case.tasks[ti_id]
        for name in case.upstream_of(task):
            end = ended.get((task.run_pk, name))
            if end is None or lives[0].began < end:
                yield f"{case.name(ti_id)} began before {name} had ended"


def _ends(case: Case) -> dict[tuple[int, str], float]:
    """Return when each task first ended well: as its attempt tells, or at any time where a person marked it."""
    found: dict[tuple[int, str], float] = {}
    for ti_id, lives in case.lives_of_task.items():
        task = case.tasks[ti_id]
        for life in lives:
            if case.attempts[life.attempt_id].state == "success" and life.ends:
                found.setdefault((task.run_pk, task.task_id), life.seen)
    for move in case.history.moves:
        if is_by_hand(move) and move.ti_id in case.tasks and move.to_state == TaskState.SUCCESS:
            task = case.tasks[move.ti_id]
            found[task.run_pk, task.task_id] = 0.0
    return found


def no_limit_is_exceeded(case: Case) -> Iterator[str]:
    """Pools, tasks of a run and slots of a worker, by what tasks told; runs of a DAG, by what was recorded."""
    loads = Loads()
    loads.add(case)
    yield from loads.close()


def moves_are_legal(case: Case) -> Iterator[str]:
    """Each recorded move leaves the state that the one before led to, as the table of moves allows.

    An end is final but for a person, who in turn neither queues nor runs anything.
    """
    at: dict[tuple[str, int], str] = {}
    for move in case.history.moves:
        key = key_of(move)
        was = at.get(key, TaskState.NONE.value if move.kind == "task.state" else None)
        at[key] = move.to_state
        if move.from_state is not None and was is not None and move.from_state != was:
            yield f"event {move.id}: {key} left {move.from_state}, but was {was}"
        if was is not None and was not in _before(move):
            yield f"event {move.id}: {key} went from {was} to {move.to_state} by {move.actor}"


def _key(move: Move) -> tuple[str, int]:
    return move.kind, move.run_pk if move.kind == "run.state" else move.ti_id or 0


def _before(move: Move) -> frozenset[str]:
    if is_by_hand(move) and move.to_state not in BY_HAND[move.kind]:
        return frozenset()
    if move.kind == "run.state":
        known = run_states_before(RunState(move.to_state))
        return frozenset(known if is_by_hand(move) else known - RUN_FINISHED)
    before = states_before(TaskState(move.to_state))
    return frozenset(before if is_by_hand(move) else before - FINISHED)


def time_runs_forward(case: Case) -> Iterator[str]:
    """Instants that follow each other stand in order."""
    slack_s = TOLERANCE_S + case.skew_s
    for attempt in case.history.attempts:
        stamps = [attempt.queued_at, attempt.claimed_at, attempt.start_date, attempt.end_date]
        known = [stamp.timestamp() for stamp in stamps if stamp is not None]
        if any(later < earlier - slack_s for earlier, later in pairwise(known)):
            yield f"attempt {attempt.id}: queued, claimed, begun, ended at {known}"
    for run in case.history.runs:
        # A run that a person opened is queued anew, and began when it first did.
        begun = None if run.id in case.touched else run.start_date
        known = [s.timestamp() for s in (run.queued_at, begun, run.end_date) if s is not None]
        if any(later < earlier - slack_s for earlier, later in pairwise(known)):
            yield f"run {run.run_id}: queued, begun, ended at {known}"


RULES: tuple[Rule, ...] = (
    nothing_is_lost,
    no_retry_is_used_up,
    success_is_earned,
    code_begins_once_a_claim,
    attempts_are_known,
    one_outcome_is_recorded,
    one_attempt_lives_at_a_time,
    none_outlives_its_lease,
    upstreams_come_first,
    no_limit_is_exceeded,
    moves_are_legal,
    time_runs_forward,
    plans_follow_states,
    pools_hold_what_they_were_given,
    what_was_asked_is_done,
    what_was_taken_back_ends,
)
