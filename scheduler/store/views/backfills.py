"""Backfills with what became of their runs, for pages and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.store.backfills import Backfill, list_backfills, list_live_backfills, run_counts
from scheduler.store.dags import find_dag
from scheduler.store.engine import Session

_ENDED = ("success", "failed")


@dataclass(frozen=True, slots=True)
class BackfillView:
    """One backfill and how many of its runs are in each state."""

    row: Backfill
    runs: Mapping[str, int]

    @property
    def ended_count(self) -> int:
        """Dates that nothing is left to do about."""
        return sum(self.runs.get(each, 0) for each in _ENDED) + self.row.left_count

    @property
    def percent(self) -> int:
        """How far it came: by dates, or by the time that it covers where those were too many to be counted."""
        row = self.row
        if row.completed_at is not None and not row.is_cancelled:
            return 100
        if row.total_count:
            return min(100, 100 * self.ended_count // row.total_count)
        if row.reached is None:
            return 0
        passed = row.to_date - row.reached if row.run_backwards else row.reached - row.from_date
        return min(99, int(100 * (passed / max(row.to_date - row.from_date, type(passed).resolution))))


def view_backfills(session: Session, rows: Sequence[Backfill]) -> list[BackfillView]:
    """Return these backfills with their runs."""
    counts = run_counts(session, [row.id for row in rows])
    return [BackfillView(row, counts[row.id]) for row in rows]


def views_of_dag(session: Session, dag_id: str, limit: int) -> list[BackfillView]:
    """Return the newest backfills of a DAG."""
    return view_backfills(session, list_backfills(session, dag_id, limit=limit))


def views_under_way(session: Session, limit: int) -> list[BackfillView]:
    """Return the newest backfills of all DAGs that have not ended."""
    rows = list_live_backfills(session, limit)
    return view_backfills(session, rows) if rows else []


def backfill_fields(row: Backfill, display_name: str | None = None) -> dict[str, Any]:
    """Return a backfill as Airflow's API names its fields."""
    return {
        "id": row.id,
        "dag_id": row.dag_id,
        "dag_display_name": display_name or row.dag_id,
        "from_date": row.from_date,
        "to_date": row.to_date,
        "dag_run_conf": row.dag_run_conf,
        "is_paused": row.is_paused,
        "reprocess_behavior": row.reprocess_behavior,
        "max_active_runs": row.max_active_runs,
        "created_at": row.created_at,
        "completed_at": row.completed_at,
        "updated_at": row.updated_at,
    }


def named_fields(session: Session, row: Backfill) -> dict[str, Any]:
    """Return the same with the name that its DAG shows."""
    dag = find_dag(session, row.dag_id)
    return backfill_fields(row, dag.display_name if dag else None)


def progress_fields(view: BackfillView) -> dict[str, Any]:
    """Return a backfill with its progress, as the command line prints it."""
    return backfill_fields(view.row) | {
        "state": view.row.state,
        "run_backwards": view.row.run_backwards,
        "percent": view.percent,
        "total_count": view.row.total_count,
        "left_count": view.row.left_count,
        "runs": dict(view.runs),
        "reason": view.row.reason,
    }
