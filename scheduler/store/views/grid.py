"""The grid: the last runs of a DAG, and the state of each task in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from string import ascii_lowercase

from sqlalchemy import case, func, select

from scheduler.store.engine import Session
from scheduler.store.tables import ACTIVE_RUNS, dag_run, event, task_instance

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
#: A letter a state, the loudest first.
_PLACES = dict(zip(LOUDEST, ascii_lowercase, strict=False))
_STATES = {place: state for state, place in _PLACES.items()}


@dataclass(frozen=True, slots=True)
class GridRun:
    """One column: a run, and the newest event of it, which is another one when anything of it has changed."""

    id: int
    run_id: str
    run_type: str
    state: str
    logical_date: datetime | None
    run_after: datetime
    start_date: datetime | None
    end_date: datetime | None
    newest_event: int | None

    @property
    def has_ended(self) -> bool:
        """Whether only a person can change it still."""
        return self.state not in ACTIVE_RUNS


def list_grid_runs(session: Session, dag_id: str, limit: int, *, until: int | None = None) -> list[GridRun]:
    """Return the last `limit` runs of a DAG, oldest first; `until`: the id of the last."""
    columns = [dag_run.c[name] for name in GridRun.__slots__ if name != "newest_event"]
    newest = select(event.c.id).where(event.c.run_pk == dag_run.c.id).order_by(event.c.id.desc()).limit(1)
    runs = select(*columns, newest.scalar_subquery()).where(dag_run.c.dag_id == dag_id)
    if until is not None:
        runs = runs.where(dag_run.c.id <= until)
    found = session.execute(runs.order_by(dag_run.c.id.desc()).limit(limit)).all()
    return [GridRun(*row) for row in reversed(found)]


def states_by_run(session: Session, run_pks: list[int]) -> dict[int, dict[str, str]]:
    """Return run -> task -> state; of a mapped task the loudest state among its instances.

    The database puts the states of a run into one text: 100,000 rows would take seconds to come over one by one.
    """
    ti = task_instance.c
    place = case({state: _PLACES[state] for state in LOUDEST}, value=ti.state, else_=_PLACES["removed"])
    found = select(ti.run_pk, ti.task_id, func.min(place).label("place")).where(ti.run_pk.in_(run_pks))
    each = found.group_by(ti.run_pk, ti.task_id).subquery()
    text = func.aggregate_strings(each.c.place + each.c.task_id, "\n")
    return {
        run_pk: {word[1:]: _STATES[word[0]] for word in states.split("\n")}
        for run_pk, states in session.execute(select(each.c.run_pk, text).group_by(each.c.run_pk))
    }
