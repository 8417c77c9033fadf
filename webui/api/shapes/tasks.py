"""Task instances and their attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from scheduler.core.states import TaskState
from webui.api.frame import Answer, Body, Cursored, Instant, Ordered, Query
from webui.api.frame.choosing import Choosing, Ended, LogicalDate, RunAfter, Started, Took, Updated
from webui.api.shapes.runs import Note, RunWithResults
from webui.api.shapes.versions import DagVersion, RowId
from webui.numbers import MOST

#: States of which a list is asked; `none` and `no_status` are those that nothing was decided about yet.
State = TaskState | Literal["no_status"]
#: What a person may set the state of a task to.
Settable = Literal["success", "failed", "skipped"]
_ORDERS = (
    *("id", "state", "duration", "start_date", "end_date", "map_index", "try_number", "logical_date"),
    *("run_after", "data_interval_start", "data_interval_end", "rendered_map_index", "operator"),
)
MapIndex = Annotated[int, Field(ge=-1, le=MOST)]


class Tried(Answer):
    """What a task instance and its attempts have in common."""

    task_id: str
    task_display_name: str
    dag_id: str
    dag_display_name: str
    dag_run_id: str
    map_index: int
    #: In nested mapped groups the index in each of them: 3.1.
    path: str
    start_date: datetime | None
    end_date: datetime | None
    duration: float | None
    state: str | None
    try_number: int
    max_tries: int
    hostname: str | None
    unixname: str | None
    pool: str
    pool_slots: int
    queue: str | None
    priority_weight: int | None
    operator: str | None
    operator_name: str | None
    queued_when: datetime | None
    scheduled_when: datetime | None
    pid: int | None
    executor: str | None
    executor_config: str
    dag_version: DagVersion | None
    #: The last line of its error, or why it was skipped.
    reason: str | None


class Task(Tried):
    """A task instance."""

    id: RowId
    logical_date: datetime | None
    run_after: datetime
    note: str | None
    rendered_map_index: str | None
    rendered_fields: dict[str, Any]
    trigger: None
    triggerer_job: None


class Attempt(Tried):
    """One try of a task instance."""

    exit_code: int | None
    cpu_seconds: float | None
    peak_memory_bytes: int | None


class Tasks(Answer):
    """One page of a list of task instances. With a cursor they are not counted."""

    task_instances: list[Task]
    total_entries: int | None
    total_entries_limit: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


class Attempts(Answer):
    """The tries of a task instance."""

    task_instances: list[Attempt]
    total_entries: int


class NewTask(Answer):
    """A task that the newest code has and the run has not."""

    task_id: str
    task_display_name: str


class TasksAgain(Answer):
    """Task instances that would run again, and tasks that would be new."""

    task_instances: list[Task | NewTask]
    total_entries: int


#: What is answered where runs are cleared: what would happen, or the run.
Cleared = TasksAgain | RunWithResults


class InstancesQuery(Cursored, Choosing, RunAfter, LogicalDate, Started, Ended, Took, Updated):
    """Which instances of one task are listed."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset({"state", "map_index", "task_group_id"})

    state: tuple[State, ...] = ()
    pool: tuple[str, ...] = ()
    pool_name_pattern: str | None = None
    pool_name_prefix_pattern: str | None = None
    queue: tuple[str, ...] = ()
    queue_name_pattern: str | None = None
    queue_name_prefix_pattern: str | None = None
    executor: tuple[str, ...] = ()
    version_number: tuple[int, ...] = ()
    try_number: tuple[int, ...] = ()
    operator: tuple[str, ...] = ()
    operator_name_pattern: str | None = None
    operator_name_prefix_pattern: str | None = None
    map_index: tuple[int, ...] = ()
    rendered_map_index_pattern: str | None = None
    rendered_map_index_prefix_pattern: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered(*_ORDERS)] = ()


class TasksQuery(InstancesQuery):
    """Which task instances are listed."""

    task_id: str | None = None
    task_group_id: str | None = None
    task_display_name_pattern: str | None = None
    task_display_name_prefix_pattern: str | None = None
    dag_id_pattern: str | None = None
    dag_id_prefix_pattern: str | None = None
    run_id_pattern: str | None = None
    run_id_prefix_pattern: str | None = None


class TasksBody(Body, RunAfter, LogicalDate, Started, Ended, Took):
    """Which task instances are listed, as a body says it."""

    dag_ids: list[str] | None = None
    dag_run_ids: list[str] | None = None
    task_ids: list[str] | None = None
    state: list[State | None] | None = None
    pool: list[str] | None = None
    queue: list[str] | None = None
    executor: list[str] | None = None
    page_offset: int = Field(default=0, ge=0, le=MOST)
    page_limit: int = Field(default=100, ge=0, le=MOST)
    order_by: Annotated[str | None, Ordered(*_ORDERS)] = None


class Instance(Query):
    """Which instance of a mapped task is meant; `path` names one in nested mapped groups."""

    map_index: MapIndex = -1
    path: str = ""


class OnlyPath(Query):
    """Which instance in nested mapped groups is meant, where `map_index` is not all of it."""

    path: str = ""


class TaskMask(Query):
    """Which fields of a body count; without it all that it has."""

    update_mask: tuple[Literal["new_state", "note"], ...] = ()


class InstanceMask(TaskMask, Instance):
    """Which instance is meant, and which fields of the body count."""


class TaskPatch(Body):
    """What can be changed about a task instance, and about which others besides."""

    new_state: Settable | None = None
    note: Note | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False


class TasksClear(Body):
    """Which task instances are to run again, and how."""

    dry_run: bool = True
    start_date: Instant | None = None
    end_date: Instant | None = None
    only_failed: bool = True
    only_running: bool = False
    reset_dag_runs: bool = True
    task_ids: list[str | tuple[str, int]] | None = Field(default=None, min_length=1)
    dag_run_id: str | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False
    run_on_latest_version: bool | None = None
    prevent_running_task: bool = False
    note: Note | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.only_failed and self.only_running:
            raise ValueError("only_failed and only_running exclude each other")
        if self.dag_run_id and (self.start_date or self.end_date):
            raise ValueError("give either dag_run_id, or start_date and end_date")
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise ValueError("end_date lies before start_date")
        return self


class Dependency(Answer):
    """Something that a task waits for."""

    name: str
    reason: str


class Dependencies(Answer):
    """What a task that does not run waits for."""

    dependencies: list[Dependency]


class LogUrl(Answer):
    """Where the log of an attempt is shown."""

    url: str
