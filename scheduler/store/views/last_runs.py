"""The last runs of DAGs, as lists of DAGs draw them.

Each DAG's come from the database as one text: thousands of rows would take longer to come over than to find. A text is
made into bars once, for whoever asks, as long as it stays the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from statistics import median
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from scheduler.core.states import RunState
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run
from scheduler.store.views.durations import LOOKED_AT, SAMPLE, newest_from

#: Runs drawn as bars.
BARS: Final = 14
#: DAGs whose runs are remembered: five pages of the list.
_REMEMBERED: Final = 500


@dataclass(frozen=True, slots=True)
class Bar:
    """One of the last runs: its state, and its duration as far as it is known."""

    run_id: str
    state: str
    start_date: datetime | None
    end_date: datetime | None


@dataclass(frozen=True, slots=True)
class LastRuns:
    """The newest runs of a DAG, oldest first, and how long its good ones usually take; `mark` tells of both."""

    bars: tuple[Bar, ...] = field(default=(), repr=False)
    usual_s: float | None = field(default=None, repr=False)
    mark: str = ""


#: Of a DAG that never ran.
NO_RUNS: Final = LastRuns()


class rows_as_json(FunctionElement[str]):
    """The rows of a group as one text: [[value, …], …], in no order."""

    name = "rows_as_json"
    inherit_cache = True


@compiles(rows_as_json, "sqlite")
def _on_sqlite(element: rows_as_json, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(rows_as_json, "postgresql")
def _on_postgresql(element: rows_as_json, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **options)})) AS TEXT)"


_RUN: Final = rows_as_json(*(dag_run.c[name] for name in ("id", "run_id", "state", "start_date", "end_date")))
_NEWEST: Final = (
    select(dag.c.dag_id, _RUN)
    .join(dag_run, dag_run.c.dag_id == dag.c.dag_id)
    .where(dag_run.c.id >= newest_from(LOOKED_AT))
    .group_by(dag.c.dag_id)
)


def last_runs(session: Session, dag_ids: Collection[str]) -> dict[str, LastRuns]:
    """Return the last runs of each DAG; none for one that never ran."""
    found = session.execute(_NEWEST.where(dag.c.dag_id.in_(dag_ids)))
    return {dag_id: of_text(text) for dag_id, text in found}


@lru_cache(_REMEMBERED)
def of_text(text: str) -> LastRuns:
    """Return the runs that the database wrote."""
    rows = [(*row[:3], _instant(row[3]), _instant(row[4])) for row in sorted(json.loads(text))]
    good = [
        (end - start).total_seconds()
        for _, _, state, start, end in rows
        if state == RunState.SUCCESS and start and end
    ]
    bars = tuple(Bar(*row[1:]) for row in rows[-BARS:])
    mark = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    return LastRuns(bars, median(good[-SAMPLE:]) if good else None, mark)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
