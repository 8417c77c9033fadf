"""DAGs and their tags."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from scheduler.core.states import RunState
from webui.api.frame import Answer, Body, Choosing, Instant, Ordered, Page, Query
from webui.api.shapes.versions import DagVersion


class Tag(Answer):
    """A tag of a DAG."""

    name: str
    dag_id: str
    dag_display_name: str


class Dag(Answer):
    """A DAG."""

    dag_id: str
    dag_display_name: str
    is_paused: bool
    is_stale: bool
    last_parsed_time: datetime | None
    last_parse_duration: float | None
    last_expired: datetime | None
    bundle_name: str | None
    bundle_version: str | None
    relative_fileloc: str | None
    fileloc: str
    file_token: str
    description: str | None
    timetable_summary: str | None
    timetable_description: str | None
    timetable_partitioned: bool
    timetable_periodic: bool
    is_backfillable: bool
    tags: list[Tag]
    max_active_tasks: int
    max_active_runs: int | None
    max_consecutive_failed_dag_runs: int
    has_task_concurrency_limits: bool
    has_import_errors: bool
    next_dagrun_logical_date: datetime | None
    next_dagrun_data_interval_start: datetime | None
    next_dagrun_data_interval_end: datetime | None
    next_dagrun_run_after: datetime | None
    allowed_run_types: list[str] | None
    owners: list[str]
    #: Why no run comes by itself for now.
    aside_reason: str | None


class Dags(Answer):
    """One page of a list of DAGs."""

    dags: list[Dag]
    total_entries: int


class DagDetails(Dag):
    """A DAG with all that its file says of it."""

    catchup: bool
    concurrency: int
    dag_run_timeout: str | None
    asset_expression: dict[str, Any] | None
    doc_md: str | None
    start_date: datetime | None
    end_date: datetime | None
    is_paused_upon_creation: bool | None
    params: dict[str, Any] | None
    render_template_as_native_obj: bool
    template_search_path: list[str] | None
    timezone: str | None
    last_parsed: datetime | None
    default_args: dict[str, Any] | None
    rerun_with_latest_version: bool | None
    owner_links: dict[str, str] | None
    is_favorite: bool
    active_runs_count: int
    latest_dag_version: DagVersion | None


class DagsQuery(Page, Choosing):
    """Which DAGs are listed."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset(
        {
            *("tags", "tags_match_mode", "owners", "exclude_stale", "is_favorite"),
            *("has_asset_schedule", "asset_dependency", "update_mask"),
        }
    )

    tags: tuple[str, ...] = ()
    tags_match_mode: Literal["any", "all"] | None = None
    owners: tuple[str, ...] = ()
    dag_id_pattern: str | None = None
    dag_id_prefix_pattern: str | None = None
    exclude_stale: bool = True
    paused: bool | None = None


class DagsWanted(DagsQuery):
    """Which DAGs are listed, by all that is known of them."""

    dag_display_name_pattern: str | None = None
    dag_display_name_prefix_pattern: str | None = None
    has_import_errors: bool | None = None
    last_dag_run_state: RunState | None = None
    bundle_name: str | None = None
    bundle_version: str | None = None
    #: Names of classes, as Airflow has them: `CronTriggerTimetable`; those of authors with their module.
    timetable_type: tuple[str, ...] = ()
    has_asset_schedule: bool | None = None
    asset_dependency: str | None = None
    is_favorite: bool | None = None
    dag_run_state: tuple[RunState, ...] = ()
    dag_run_start_date_gte: Instant | None = None
    dag_run_start_date_gt: Instant | None = None
    dag_run_start_date_lte: Instant | None = None
    dag_run_start_date_lt: Instant | None = None
    dag_run_end_date_gte: Instant | None = None
    dag_run_end_date_gt: Instant | None = None
    dag_run_end_date_lte: Instant | None = None
    dag_run_end_date_lt: Instant | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered(
            *("dag_id", "dag_display_name", "next_dagrun", "state", "start_date"),
            *("last_run_state", "last_run_start_date"),
        ),
    ] = ()


class DagMask(Query):
    """Which fields of a body count; without it all that it has."""

    update_mask: tuple[Literal["is_paused"], ...] = ()


class DagsPatched(DagsQuery, DagMask):
    """Which DAGs are changed. Without a pattern none is: `~` stands for all."""


class DagPatch(Body):
    """What can be changed about a DAG."""

    is_paused: bool


class TagsQuery(Page, Choosing):
    """Which tags are listed."""

    tag_name_pattern: str | None = None
    tag_name_prefix_pattern: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered("name")] = ()


class Tags(Answer):
    """One page of the tags."""

    tags: list[str]
    total_entries: int
