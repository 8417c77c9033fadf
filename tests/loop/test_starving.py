"""However many tasks wait for a limit, those behind them that no limit holds back are found."""

from __future__ import annotations

import pytest

from tests.loop.engine import Engine, spec, task

SLOTS = 2
#: More than are read at once, in all readings of a pass, where so few slots are to be filled.
CROWD = 40


@pytest.fixture
def small(engine):
    engine.worker(slots=SLOTS)
    return engine


def wait_in_front(engine: Engine, **fields) -> None:
    """Let a crowd of tasks wait for their limit, each in a run of its own, before anything else."""
    engine.define(spec(task("x", **fields), dag_id="crowd", max_active_runs=CROWD))
    for _ in range(CROWD):
        engine.trigger("crowd")
    engine.advance()


def is_let_through(engine: Engine) -> bool:
    engine.wait(seconds=1)
    engine.define(spec(task("a")))
    run = engine.trigger()
    engine.advance()
    return bool(engine.states(run)["a"] == "queued")


@pytest.mark.parametrize(
    "held",
    [
        {"pool": "nowhere"},
        {"pool_slots": 1000},
        {"max_active_tis_per_dag": 1},
    ],
)
def test_tasks_that_wait_for_a_limit_of_their_own_hold_up_nobody_else(small, held):
    wait_in_front(small, **held)
    assert is_let_through(small)


def test_many_tasks_that_wait_for_limits_of_their_own_hold_up_nobody_else(small):
    for number in range(6):
        name = f"crowd{number}"
        small.define(spec(task("x", max_active_tis_per_dag=1), dag_id=name, max_active_runs=CROWD))
        for _ in range(CROWD // 4):
            small.trigger(name)
    small.worker(slots=8)
    small.advance()
    assert is_let_through(small)


def test_runs_that_are_full_hold_up_no_other_run(small):
    crowd = (task(f"t{number}") for number in range(10))
    small.define(spec(*crowd, dag_id="crowd", max_active_tasks=1, max_active_runs=CROWD))
    small.worker(slots=10)
    for _ in range(12):
        small.trigger("crowd")
    small.advance()
    assert is_let_through(small)
