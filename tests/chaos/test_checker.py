"""The checker finds nothing in a good history, and names what is wrong with a bad one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.case import Asked, Case
from tests.chaos.checker import RULES, check
from tests.chaos.history import Attempt, History, Move, Resize, Run, Task
from tests.chaos.ledger import Entry, lives_of, read_ledger

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN_S = NOON.timestamp() - 100


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def entry(what: str, attempt_id: int, seconds: float, *, epoch: int = 1) -> Entry:
    return Entry(what, attempt_id, epoch, "r", "", "", 1, 100 + seconds)


def attempt(key: int, ti_id: int, state: str, queued: float, ended: float, **fields) -> Attempt:
    made = Attempt(
        key, 1, ti_id, "task", state, 1, "w", at(queued), at(queued + 0.1), at(queued + 0.2), at(ended), ""
    )
    return replace(made, **fields)


STORY: dict[str, list[tuple[int | None, str | None, str]]] = {
    "task.state": [
        (1, "none", "scheduled"),
        (1, "scheduled", "queued"),
        (1, "queued", "running"),
        (1, "running", "up_for_retry"),
        (1, "up_for_retry", "scheduled"),
        (1, "scheduled", "queued"),
        (1, "queued", "running"),
        (1, "running", "success"),
        (2, "none", "scheduled"),
        (2, "scheduled", "queued"),
        (2, "queued", "running"),
        (2, "running", "success"),
    ],
    "run.state": [(None, None, "queued"), (None, "queued", "running"), (None, "running", "success")],
}


def moves() -> tuple[Move, ...]:
    """The run moves first, but for its end, which keeps its number."""
    rows = [(kind, *row) for kind in ("run.state", "task.state") for row in STORY[kind]]
    made = [
        Move(number, at(number / 10), kind, 1, ti_id, origin, to)
        for number, (kind, ti_id, origin, to) in enumerate(rows, 1)
    ]
    return (*made[:2], *made[3:], made[2])


@pytest.fixture
def good() -> Case:
    """`first` is lost with its worker and runs again; `second` follows it."""
    history = History(
        runs=(Run(1, "d", "r", "success", 7, 2, at(0), at(0), at(9)),),
        tasks=(
            Task(1, 1, "first", "", "success", "well", 2, 1, ""),
            Task(2, 1, "second", "", "success", "well", 1, 0, ""),
        ),
        attempts=(
            attempt(1, 1, "lost", 0, 3, reason="lost: worker w stopped answering"),
            attempt(2, 1, "success", 3, 5),
            attempt(3, 2, "success", 5, 7),
        ),
        moves=moves(),
        pools={"well": 2},
        worker_slots={"w": 1},
        max_active_runs={"d": 1},
        upstream={7: {"first": (), "second": ("first",)}},
    )
    entries = [
        entry("begin", 1, 1),
        entry("beat", 1, 2),
        entry("begin", 2, 3.5),
        entry("end", 2, 4.5),
        entry("begin", 3, 5.5),
        entry("end", 3, 6.5),
    ]
    return Case(history, entries, ORIGIN_S)


def with_entries(case: Case, *more: Entry, without: int | None = None) -> Case:
    kept = [each for each in case.entries if each.attempt_id != without]
    return replace(case, entries=[*kept, *more])


def with_history(case: Case, **parts) -> Case:
    return replace(case, history=replace(case.history, **parts))


def with_attempt(case: Case, key: int, **fields) -> Case:
    attempts = [replace(each, **fields) if each.id == key else each for each in case.history.attempts]
    return with_history(case, attempts=tuple(attempts))


def with_task(case: Case, key: int, **fields) -> Case:
    tasks = [replace(each, **fields) if each.id == key else each for each in case.history.tasks]
    return with_history(case, tasks=tuple(tasks))


def without_move(case: Case, number: int) -> Case:
    return with_history(case, moves=tuple(each for each in case.history.moves if each.id != number))


def again(case: Case, number: int) -> Case:
    """Record one move a second time, at the end."""
    (found,) = (each for each in case.history.moves if each.id == number)
    return with_history(case, moves=(*case.history.moves, replace(found, id=99)))


BAD = {
    "a run that is not finished": (
        "nothing_is_lost",
        lambda case: with_history(case, runs=(replace(case.history.runs[0], state="running"),)),
    ),
    "a run that should have failed": ("nothing_is_lost", lambda case: replace(case, fails={"d"})),
    "a task that never ran": ("nothing_is_lost", lambda case: with_task(case, 2, state="none")),
    "a failure that is not the task's": (
        "no_retry_is_used_up",
        lambda case: with_attempt(case, 1, state="failed", reason="no database"),
    ),
    "a success that nobody earned": ("success_is_earned", lambda case: with_entries(case, without=3)),
    "a success of an earlier claim": ("success_is_earned", lambda case: with_attempt(case, 3, epoch=2)),
    "code that began twice": (
        "code_begins_once_a_claim",
        lambda case: with_entries(case, entry("begin", 3, 5.6)),
    ),
    "an attempt that was never claimed": (
        "attempts_are_known",
        lambda case: with_entries(case, entry("begin", 3, 6.9, epoch=2)),
    ),
    "two outcomes": ("one_outcome_is_recorded", lambda case: again(case, 15)),
    "two attempts that succeeded": (
        "one_outcome_is_recorded",
        lambda case: with_attempt(case, 1, state="success"),
    ),
    "an attempt that is still running": (
        "one_outcome_is_recorded",
        lambda case: with_attempt(case, 1, state="running"),
    ),
    "two attempts alive": (
        "one_attempt_lives_at_a_time",
        lambda case: with_entries(case, entry("beat", 1, 3.6)),
    ),
    "one that outlived its lease": (
        "none_outlives_its_lease",
        lambda case: with_entries(case, entry("beat", 1, 3.4)),
    ),
    "a task before its upstream": (
        "upstreams_come_first",
        lambda case: with_entries(case, entry("begin", 3, 4.4), entry("end", 3, 6.5), without=3),
    ),
    "a full pool": (
        "no_limit_is_exceeded",
        lambda case: with_entries(case, entry("beat", 2, 5.6)),
    ),
    "too many tasks of a run": (
        "no_limit_is_exceeded",
        lambda case: with_history(
            with_entries(case, entry("beat", 2, 5.6)),
            runs=(replace(case.history.runs[0], max_active_tasks=1),),
            pools={"well": 9},
            worker_slots={"w": 9},
        ),
    ),
    "too many on a worker": (
        "no_limit_is_exceeded",
        lambda case: with_history(with_entries(case, entry("beat", 2, 5.6)), pools={"well": 9}),
    ),
    "too many runs": (
        "no_limit_is_exceeded",
        lambda case: with_history(case, max_active_runs={"d": 0}),
    ),
    "a move out of nowhere": ("moves_are_legal", lambda case: without_move(case, 5)),
    "a move out of an end": ("moves_are_legal", lambda case: again(case, 4)),
    "an end of a run before its tasks": ("plans_follow_states", lambda case: without_move(case, 15)),
    "a pool that was too small by then": (
        "pools_hold_what_they_were_given",
        lambda case: with_history(case, resizes=(Resize(at(-9), "well", 1),)),
    ),
    "an act that came to nothing": (
        "what_was_asked_is_done",
        lambda case: replace(case, asked=(Asked("user:ada", "cancel", "r", 101),)),
    ),
    "an attempt that was cancelled by nobody": (
        "what_was_taken_back_ends",
        lambda case: with_attempt(case, 1, state="cancelled", reason="cancelled by user:ada"),
    ),
    "time that runs backwards": (
        "time_runs_forward",
        lambda case: with_attempt(case, 3, end_date=at(1)),
    ),
    "a run that ended before it began": (
        "time_runs_forward",
        lambda case: with_history(case, runs=(replace(case.history.runs[0], end_date=at(-9)),)),
    ),
}


def test_a_good_history_is_found_good(good):
    assert check(good) == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_history_is_found_out(good, name):
    rule, spoil = BAD[name]
    found = check(spoil(good))
    assert rule in {violation.rule for violation in found}
    assert all(violation.words for violation in found)


def test_every_rule_is_seen_to_fail():
    assert {rule for rule, _ in BAD.values()} == {rule.__name__ for rule in RULES}


def test_clocks_that_were_set_apart_on_purpose_are_forgiven_the_distance(good):
    spoilt = with_attempt(good, 3, queued_at=at(300))
    assert check(spoilt)
    assert check(replace(spoilt, skew_s=300)) == []


def test_an_attempt_lived_from_its_first_line_to_its_last(good, tmp_path):
    assert read_ledger(tmp_path / "none") == []
    (first, *_) = lives_of(good.entries)
    assert (first.began, first.seen, first.begins, first.ends) == (101, 102, 1, 0)
