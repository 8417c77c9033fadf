"""The arguments of a DAG beside its id: their types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, TypedDict

from scheduler.sdk.alerts import Alert
from scheduler.sdk.arguments import Callbacks
from scheduler.sdk.schedule import Rhythm

if TYPE_CHECKING:
    from scheduler.sdk.assets import AssetLike

if TYPE_CHECKING:
    from re import Pattern

    from scheduler.sdk.deadlines import DeadlineAlert


class DagArguments(TypedDict, total=False):
    """Keyword arguments of DAG and `@dag`."""

    description: str | None
    schedule: str | timedelta | Rhythm | Collection[AssetLike] | None
    start_date: datetime | str | None
    end_date: datetime | str | None
    timezone: str | tzinfo | None
    catchup: bool
    default_args: Mapping[str, Any]
    params: Mapping[str, Any]
    tags: Collection[str]
    owner: str
    alerts: Alert | Sequence[Alert]
    doc_md: str | None
    dag_display_name: str
    max_active_runs: int
    max_active_tasks: int
    max_consecutive_failed_dag_runs: int
    dagrun_timeout: timedelta | float | None
    fail_fast: bool
    is_paused_upon_creation: bool | None
    auto_register: bool
    template_searchpath: str | Sequence[str] | None
    template_undefined: type | None
    user_defined_macros: Mapping[str, Any]
    user_defined_filters: Mapping[str, Callable[..., Any]]
    jinja_environment_kwargs: Mapping[str, Any]
    render_template_as_native_obj: bool
    deadline: DeadlineAlert | Sequence[DeadlineAlert] | None
    on_success_callback: Callbacks
    on_failure_callback: Callbacks


class AirflowTestArguments(TypedDict, total=False):
    """What `DAG.test` of Airflow takes beside what ours does."""

    execution_date: datetime
    run_after: datetime
    conn_file_path: str
    variable_file_path: str
    use_executor: bool  #: one is never used
    mark_success_pattern: str | Pattern[str]
