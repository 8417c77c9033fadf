"""What a task costs the database: commits and statements are held, times never."""

from __future__ import annotations

import pytest

from scheduler.store.engine import Count
from scheduler.wire import TaskSpec
from tests.loop.engine import Engine, Way, spec, task

CHAIN = 40
FAN = 64


def chain() -> list[TaskSpec]:
    return [task(f"t{at}", *([f"t{at - 1}"] if at else [])) for at in range(CHAIN)]


def fan() -> list[TaskSpec]:
    return [task(f"t{at}") for at in range(FAN)]


def beside(engine: Engine) -> None:
    """Report and claim as a server does that leads and works."""
    _hand_on(engine, "beside")


def apart(engine: Engine) -> None:
    """Report and claim as a worker of its own; the scheduler begins and ends the run."""
    _hand_on(engine, "apart")
    engine.advance()


def _hand_on(engine: Engine, how: Way) -> None:
    engine.hands_on = how
    engine.advance()
    claims = engine.claim()
    while claims:
        claims = engine.exchange(*claims)


def planned(engine: Engine) -> None:
    """Plan here, work there, as where tasks look back: each report wakes the scheduler, which rings."""
    engine.advance()
    while claims := engine.claim():
        engine.exchange(*claims, limit=0)
        engine.advance()


@pytest.mark.parametrize(
    ("way", "tasks", "commits", "statements"),
    [
        (beside, chain, 1.1, 14),
        (beside, fan, 0.3, 2.5),
        (apart, chain, 1.1, 14),
        (apart, fan, 0.3, 2.5),
        (planned, chain, 3.1, 23),
        (planned, fan, 0.5, 3.5),
    ],
)
def test_a_task_costs_few_commits_and_statements(engine, way, tasks, commits, statements):
    names = tasks()
    engine.define(spec(*names, max_active_tasks=FAN))
    run = engine.trigger()
    with engine.db.count() as count:
        way(engine)
    assert set(engine.states(run).values()) == {"success"}
    assert engine.run_state(run) == "success"
    assert _each(count.commits, names) <= commits
    assert _each(len(_asked(count)), names) <= statements


def _each(total: int, names: list[TaskSpec]) -> float:
    return total / len(names)


def _asked(count: Count) -> list[str]:
    return [text for text in count.statements if "pg_notify" not in text]
