"""What a task costs the database: commits and statements are held, times never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from scheduler.store.engine import Count, Database, Session
from scheduler.store.migrate import upgrade
from scheduler.wire import TaskSpec
from tests.loop.engine import Engine, spec, task

CHAIN = 20
FAN = 64


def chain() -> list[TaskSpec]:
    return [task(f"t{at}", *([f"t{at - 1}"] if at else [])) for at in range(CHAIN)]


def fan() -> list[TaskSpec]:
    return [task(f"t{at}") for at in range(FAN)]


def together(engine: Engine) -> None:
    """Report and claim as a server does that leads and works."""
    engine.hands_on = True
    engine.advance()
    claims = engine.claim()
    while claims:
        claims = engine.exchange(*claims)


def apart(engine: Engine) -> None:
    """Plan here, work there: a scheduler that is woken by each report, a worker that is rung for."""
    engine.advance()
    while claims := engine.claim():
        engine.exchange(*claims, limit=0)
        engine.advance()


@pytest.mark.parametrize(
    ("way", "tasks", "commits", "statements"),
    [(together, chain, 1.2, 15), (together, fan, 0.3, 2.5), (apart, chain, 3.2, 24), (apart, fan, 0.5, 3.5)],
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


#: Tables that grow with history.
GROWING = ("dag_run", "task_instance", "attempt", "event", "xcom")


def test_no_statement_reads_a_table_from_end_to_end(tmp_path):
    """What a task costs must not grow with the history beside it, nor with the size of its DAG.

    SQLite plans by the statement alone, and finds a partial index only where the statement has its condition in words.
    """
    db = Database(f"sqlite:///{tmp_path / 'dirigent.db'}")
    upgrade(db)
    engine = Engine(db)
    engine.worker()
    engine.define(spec(*chain(), max_active_tasks=FAN))
    asked: dict[str, Any] = {}
    with _noting(asked):
        for way in (apart, together):
            engine.trigger()
            way(engine)
    with db.read() as session:
        scans = {text: _scans(session, text, binds) for text, binds in asked.items()}
    db.close()
    assert len(scans) > 15
    assert {text: steps for text, steps in scans.items() if steps} == {}


@contextmanager
def _noting(asked: dict[str, Any]) -> Iterator[None]:
    def note(session, cursor, text, binds, *rest):
        if text.startswith(("SELECT", "UPDATE", "WITH")):
            asked.setdefault(text, binds[0] if isinstance(binds, list) else binds)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def _scans(session: Session, text: str, binds: Any) -> list[str]:
    """Return the steps that read a growing table whole; of a partial index, all is little."""
    steps = [row[-1] for row in session.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", binds)]
    whole = tuple(f"SCAN {table}" for table in GROWING)
    return [step for step in steps if step.startswith(whole) and "_live" not in step]


def _each(total: int, names: list[TaskSpec]) -> float:
    return total / len(names)


def _asked(count: Count) -> list[str]:
    return [text for text in count.statements if "pg_notify" not in text]
