"""Runs of DAGs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from scheduler.core.states import RunState, RunType
from webui.api.frame import Answer, Body, Cursored, Instant, Ordered, Query
from webui.api.frame.choosing import Choosing, Ended, LogicalDate, RunAfter, Started, Took, Updated
from webui.api.shapes.versions import DagVersion
from webui.numbers import MOST

#: What a person may set the state of a run to.
Settable = Literal["queued", "success", "failed"]
Note = Annotated[str, Field(max_length=10_000)]
_ORDERS = (
    *("id", "state", "dag_id", "run_id", "dag_run_id", "logical_date", "run_after", "start_date", "end_date"),
    *("updated_at", "conf", "duration", "partition_date"),
)


class Deadline(Answer):
    """By when a run is to have succeeded, and whether it has."""

    name: str
    at: datetime
    state: str


class Run(Answer):
    """A run of a DAG."""

    dag_run_id: str
    dag_id: str
    dag_display_name: str
    run_type: RunType
    state: RunState
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    queued_at: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    duration: float | None
    last_scheduling_decision: datetime | None
    triggered_by: str | None
    triggering_user_name: str | None
    conf: dict[str, Any] | None
    note: str | None
    dag_versions: list[DagVersion]
    bundle_version: str | None
    partition_key: str | None
    partition_date: datetime | None
    #: Why it failed, or why it waits.
    reason: str | None
    deadlines: list[Deadline]


class RunWithResults(Run):
    """A run, and what it returned, by task, once it has ended."""

    results: dict[str, Any]


class Runs(Answer):
    """One page of a list of runs. With a cursor they are not counted."""

    dag_runs: list[Run]
    total_entries: int | None
    total_entries_limit: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


class RunsQuery(Cursored, Choosing, RunAfter, LogicalDate, Started, Ended, Took, Updated):
    """Which runs are listed."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset({"conf_contains", "consuming_asset_pattern"})

    state: tuple[RunState, ...] = ()
    run_type: tuple[RunType, ...] = ()
    dag_version: tuple[int, ...] = ()
    bundle_version: str | None = None
    run_id_pattern: str | None = None
    run_id_prefix_pattern: str | None = None
    dag_id_pattern: str | None = None
    dag_id_prefix_pattern: str | None = None
    triggering_user_name_pattern: str | None = None
    triggering_user_name_prefix_pattern: str | None = None
    partition_key_pattern: str | None = None
    partition_key_prefix_pattern: str | None = None
    partition_date_gte: Instant | None = None
    partition_date_lte: Instant | None = None
    conf_contains: str | None = None
    consuming_asset_pattern: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered(*_ORDERS)] = ()


class RunsBody(Body, RunAfter, LogicalDate, Started, Ended, Took):
    """Which runs are listed, as a body says it."""

    order_by: Annotated[str | None, Ordered(*_ORDERS)] = None
    page_offset: int = Field(default=0, ge=0, le=MOST)
    page_limit: int = Field(default=100, ge=0, le=MOST)
    dag_ids: list[str] | None = None
    states: list[RunState | None] | None = None
    conf_contains: str | None = None


class RunTrigger(Body):
    """What a run is to be. Without a logical date it is now."""

    dag_run_id: str | None = None
    logical_date: Instant | None = None
    data_interval_start: Instant | None = None
    data_interval_end: Instant | None = None
    run_after: Instant | None = None
    conf: dict[str, Any] | None = None
    note: Note | None = None
    partition_key: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.data_interval_start is None) is not (self.data_interval_end is None):
            raise ValueError("give both data_interval_start and data_interval_end, or neither")
        return self


class RunMask(Query):
    """Which fields of a body count; without it all that it has."""

    update_mask: tuple[Literal["state", "note"], ...] = ()


class RunPatch(Body):
    """What can be changed about a run."""

    state: Settable | None = None
    note: Note | None = None


class RunClear(Body):
    """How a run is to run again."""

    dry_run: bool = True
    only_failed: bool = False
    only_new: bool = False
    run_on_latest_version: bool | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.only_new and self.only_failed:
            raise ValueError("only_new and only_failed exclude each other")
        return self


class Waiting(Query):
    """How a run is waited for: seconds between looks, and whose results are wanted."""

    interval: float = Field(gt=0, le=3600)
    result: tuple[str, ...] = ()


class Waited(Answer):
    """The state of a run that is waited for, and once it has ended what it returned."""

    state: RunState
    results: dict[str, Any] | None = None
