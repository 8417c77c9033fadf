"""What listeners are told of: runs, task instances and assets as they stand, under the names that DAG files know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """A run. `state` is the one that it came to."""

    dag_id: str
    run_id: str
    run_type: str
    state: str
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    queued_at: datetime
    start_date: datetime | None
    end_date: datetime | None
    conf: dict[str, Any]
    triggered_by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInstance:
    """A task of a run. `state` is the one that it came to; `map_index` is -1 where it is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    path: str
    state: str
    try_number: int
    max_tries: int
    operator: str
    pool: str
    queue: str
    priority_weight: int
    hostname: str
    queued_at: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    dag_run: DagRun

    @property
    def duration(self) -> float | None:
        """Seconds from its start to its end."""
        return (
            (self.end_date - self.start_date).total_seconds() if self.start_date and self.end_date else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset."""

    name: str
    uri: str
    group: str = "asset"
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEvent:
    """A change of an asset, and what made it."""

    asset: Asset
    timestamp: datetime
    extra: dict[str, Any]
    source_dag_id: str
    source_run_id: str
    source_task_id: str
    source_map_index: int
    partition_key: str
