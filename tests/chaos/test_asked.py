"""What people ask for allows exactly that: each act is taken into account, and its abuse is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.case import Asked
from tests.chaos.checker import check
from tests.chaos.history import Move, Resize
from tests.chaos.test_checker import (
    at,
    attempt,
    entry,
    good,
    with_attempt,
    with_entries,
    with_history,
    with_task,
)

__all__ = ["good"]

ADA = "user:ada"


def moved(case, *more: tuple[str, int | None, str, str, str]):
    """Record more moves, by whom, at the end."""
    first = 1 + max(99, *(move.id for move in case.history.moves))
    rows = [
        Move(number, at(20 + number / 10), kind, 1, ti_id, origin, to, actor)
        for number, (kind, ti_id, origin, to, actor) in enumerate(more, first)
    ]
    return with_history(case, moves=(*case.history.moves, *rows))


def with_attempts(case, *more):
    return with_history(case, attempts=(*case.history.attempts, *more))


def asked(case, *acts: Asked):
    return replace(case, asked=acts)


def rules(case) -> set[str]:
    return {violation.rule for violation in check(case)}


#: Ada has `second` run again, up to where a worker runs it.
RUNS_AGAIN = (
    ("task.state", 2, "success", "none", ADA),
    ("run.state", None, "success", "queued", ADA),
    ("run.state", None, "queued", "running", "scheduler"),
    ("task.state", 2, "none", "scheduled", "scheduler"),
    ("task.state", 2, "scheduled", "queued", "scheduler"),
    ("task.state", 2, "queued", "running", "worker:w"),
)


@pytest.fixture
def rerun(good):
    """Ada has `second` run again, and it does."""
    case = moved(
        good,
        *RUNS_AGAIN,
        ("task.state", 2, "running", "success", "worker:w"),
        ("run.state", None, "running", "success", "scheduler"),
    )
    case = with_attempts(case, attempt(4, 2, "success", 20, 23))
    case = with_entries(case, entry("begin", 4, 21), entry("end", 4, 22))
    return asked(case, Asked(ADA, "rerun", "r", 119))


@pytest.fixture
def cancelled(good):
    """Ada reruns `second`, and cancels the run as it runs again."""
    case = moved(
        good,
        *RUNS_AGAIN,
        ("task.state", 2, "running", "failed", ADA),
        ("run.state", None, "running", "failed", ADA),
    )
    reason = f"cancelled by {ADA}"
    case = with_attempts(case, attempt(4, 2, "cancelled", 20, 23, reason=reason))
    case = with_task(with_entries(case, entry("begin", 4, 21)), 2, state="failed")
    case = with_history(case, runs=(replace(case.history.runs[0], state="failed", end_date=at(23)),))
    return asked(case, Asked(ADA, "rerun", "r", 119), Asked(ADA, "cancel", "r", 122))


@pytest.fixture
def marked(cancelled):
    """After the cancel she marks `second`, which is a success without code, and the run ends well."""
    case = moved(
        cancelled,
        ("task.state", 2, "failed", "success", ADA),
        ("run.state", None, "failed", "queued", ADA),
        ("run.state", None, "queued", "running", "scheduler"),
        ("run.state", None, "running", "success", "scheduler"),
    )
    case = with_task(case, 2, state="success")
    return with_history(case, runs=(replace(case.history.runs[0], state="success"),))


@pytest.mark.parametrize("name", ["rerun", "cancelled", "marked"])
def test_what_people_may_ask_for_is_found_good(name, request):
    assert check(request.getfixturevalue(name)) == []


def by(case, number: int, **fields):
    moves = [replace(move, **fields) if move.id == number else move for move in case.history.moves]
    return with_history(case, moves=tuple(moves))


def without(case, *numbers: int):
    return with_history(case, moves=tuple(move for move in case.history.moves if move.id not in numbers))


ABUSES = {
    "an end that no person opened": (
        "rerun",
        "moves_are_legal",
        lambda case: by(case, 100, actor="scheduler"),
    ),
    "a run that no person opened": (
        "rerun",
        "moves_are_legal",
        lambda case: by(case, 101, actor="scheduler"),
    ),
    "a task that a person queued": ("rerun", "moves_are_legal", lambda case: by(case, 104, actor=ADA)),
    "a success that nobody earned again": (
        "rerun",
        "one_outcome_is_recorded",
        lambda case: with_attempt(case, 4, state="lost"),
    ),
    "a second success of one opening": (
        "rerun",
        "one_outcome_is_recorded",
        lambda case: with_attempts(case, attempt(5, 2, "success", 24, 25)),
    ),
    "an attempt that nobody admitted": (
        "rerun",
        "plans_follow_states",
        lambda case: with_attempts(case, attempt(5, 2, "lost", 24, 25)),
    ),
    "a task that goes on before what was cleared above it": (
        "rerun",
        "plans_follow_states",
        lambda case: by(case, 15, to_state="none", actor=ADA, ti_id=1, from_state="success"),
    ),
    "a failure of its own in a run that people touched": (
        "cancelled",
        "nothing_is_lost",
        lambda case: by(case, 106, actor="worker:w"),
    ),
    "a run that failed though its tasks did not": (
        "rerun",
        "plans_follow_states",
        lambda case: by(case, 107, to_state="failed"),
    ),
    "a run that ended before its tasks": (
        "rerun",
        "plans_follow_states",
        lambda case: without(case, 106),
    ),
    "a task that waits for ever in a touched run": (
        "cancelled",
        "nothing_is_lost",
        lambda case: with_task(case, 2, state="scheduled"),
    ),
    "a failure that came from nothing above": (
        "marked",
        "plans_follow_states",
        lambda case: moved(case, ("task.state", 2, "none", "upstream_failed", "scheduler")),
    ),
    "a skip that came from nothing above": (
        "marked",
        "plans_follow_states",
        lambda case: moved(case, ("task.state", 2, "none", "skipped", "scheduler")),
    ),
    "a task below one that is no success": (
        "rerun",
        "upstreams_come_first",
        lambda case: with_entries(with_attempt(case, 2, state="failed"), without=2),
    ),
    "an act that was acknowledged and not recorded": (
        "rerun",
        "what_was_asked_is_done",
        lambda case: asked(case, *case.asked, Asked("user:bob", "cancel", "r", 124)),
    ),
    "a cancel that nobody asked for": (
        "cancelled",
        "what_was_taken_back_ends",
        lambda case: asked(case),
    ),
    "code that began long after its cancel": (
        "cancelled",
        "what_was_taken_back_ends",
        lambda case: with_entries(case, entry("begin", 4, 28.5), without=4),
    ),
    "code that lived on long after its cancel": (
        "cancelled",
        "what_was_taken_back_ends",
        lambda case: with_entries(case, entry("beat", 4, 38.5)),
    ),
    "an attempt beside the one that was taken back": (
        "cancelled",
        "one_attempt_lives_at_a_time",
        lambda case: with_entries(
            with_attempts(case, attempt(5, 2, "lost", 21, 23)), entry("begin", 5, 21.5), entry("beat", 4, 22)
        ),
    ),
}


@pytest.mark.parametrize("name", ABUSES)
def test_an_abuse_of_what_was_asked_is_found_out(name, request):
    story, rule, spoil = ABUSES[name]
    assert rule in rules(spoil(request.getfixturevalue(story)))


def resized(case, *sizes: tuple[float, int]):
    return with_history(case, resizes=tuple(Resize(at(when), "well", slots) for when, slots in sizes))


def test_who_was_admitted_before_a_pool_was_made_smaller_lets_it_be_full(good):
    assert check(resized(good, (-9, 2), (5.6, 1))) == []


def test_who_is_admitted_after_a_pool_was_made_smaller_finds_it_full(good):
    assert "pools_hold_what_they_were_given" in rules(resized(good, (-9, 2), (-5, 1)))
