"""The grid: the last runs of a DAG, and the state of each task in each of them, in one read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_instance

#: The loudest first: what a mapped task shows is the first of these that one of its instances is in.
LOUDEST = (
    "failed",
    "awaiting_input",
    "running",
    "up_for_retry",
    "upstream_failed",
    "deferred",
    "up_for_reschedule",
    "queued",
    "scheduled",
    "none",
    "success",
    "skipped",
    "removed",
)
_RANK = {state: rank for rank, state in enumerate(LOUDEST)}


@dataclass(frozen=True, slots=True)
class GridRun:
    """One column: a run with the state of each task."""

    id: int
    run_id: str
    run_type: str
    state: str
    logical_date: datetime | None
    run_after: datetime
    start_date: datetime | None
    end_date: datetime | None
    states: dict[str, str]


def list_grid_runs(session: Session, dag_id: str, limit: int, *, until: int | None = None) -> list[GridRun]:
    """Return the last `limit` runs of a DAG, oldest first, each with its tasks' states; `until`: the id of the last."""
    columns = [dag_run.c[name] for name in GridRun.__slots__ if name != "states"]
    runs = select(*columns).where(dag_run.c.dag_id == dag_id)
    if until is not None:
        runs = runs.where(dag_run.c.id <= until)
    newest = session.execute(runs.order_by(dag_run.c.id.desc()).limit(limit)).all()
    states = states_by_run(session, [row.id for row in newest])
    return [GridRun(**row._asdict(), states=states.get(row.id, {})) for row in reversed(newest)]


def states_by_run(session: Session, run_pks: list[int]) -> dict[int, dict[str, str]]:
    """Return run -> task -> state; of a mapped task the loudest state among its instances."""
    ti = task_instance.c
    out: dict[int, dict[str, str]] = {}
    for run_pk, task_id, state in session.execute(
        select(ti.run_pk, ti.task_id, ti.state).where(ti.run_pk.in_(run_pks))
    ):
        tasks = out.setdefault(run_pk, {})
        tasks[task_id] = louder(tasks.get(task_id), state)
    return out


def louder(one: str | None, other: str) -> str:
    """Return which of two states a task of many instances shows."""
    if one is None or _RANK.get(other, 0) < _RANK.get(one, 0):
        return other
    return one
