"""Many runs or task instances in one request."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from webui.api.frame import Answer, Body, Instant
from webui.api.shapes.runs import Note, RunClear, RunPatch, Runs
from webui.api.shapes.tasks import MapIndex, TaskPatch, TasksAgain

#: What is answered where many runs are cleared: what would happen, or the runs.
Cleared = TasksAgain | Runs


class RunNamed(RunPatch):
    """A run, and what is to be changed about it."""

    dag_run_id: str
    dag_id: str | None = None


class TaskNamed(TaskPatch):
    """A task instance, and what is to be changed about it; without an index all instances of the task."""

    task_id: str
    map_index: MapIndex | None = None
    dag_id: str | None = None
    dag_run_id: str | None = None


class RunNames(Body):
    """A run by its name."""

    dag_run_id: str
    dag_id: str | None = None
    state: None = None
    note: Note | None = None


class RunsClear(RunClear):
    """Which runs of a DAG are to run again, by their names or by what they make; and how."""

    dag_runs: list[RunNames] = Field(default=[], max_length=500)
    partition_key: str | None = None
    partition_date_start: Instant | None = None
    partition_date_end: Instant | None = None

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        has_dates = self.partition_date_start is not None or self.partition_date_end is not None
        if bool(self.dag_runs) + (self.partition_key is not None) + has_dates != 1:
            raise ValueError(
                "give one of dag_runs, partition_key, and partition_date_start with partition_date_end"
            )
        return self


class PartitionsClear(Body):
    """Of which runs of a DAG the partition is forgotten, and whether their tasks run again."""

    run_id: str | None = None
    partition_key: str | None = None
    partition_date_start: Instant | None = None
    partition_date_end: Instant | None = None
    clear_task_instances: bool = False
    dry_run: bool = True

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        has_dates = self.partition_date_start is not None or self.partition_date_end is not None
        if (self.run_id is not None) + (self.partition_key is not None) + has_dates != 1:
            raise ValueError(
                "give one of run_id, partition_key, and partition_date_start with partition_date_end"
            )
        return self


class PartitionsCleared(Answer):
    """How much that was, or with `dry_run` would be."""

    dag_runs_cleared: int
    task_instances_cleared: int
    dry_run: bool
