"""Tasks as a DAG declares them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from webui.api.frame import Answer, Ordered, Query


class Span(Answer):
    """A length of time."""

    days: int
    seconds: int
    microseconds: int


class DagTask(Answer):
    """A task of a DAG."""

    task_id: str
    task_display_name: str
    owner: str | None
    start_date: datetime | None
    end_date: datetime | None
    trigger_rule: str
    depends_on_past: bool
    wait_for_downstream: bool
    retries: float
    queue: str
    pool: str
    pool_slots: float
    execution_timeout: Span | None
    retry_delay: Span
    retry_exponential_backoff: float
    priority_weight: float
    weight_rule: str
    ui_color: str | None
    ui_fgcolor: str | None
    template_fields: list[str]
    downstream_task_ids: list[str]
    doc_md: str | None
    operator_name: str
    params: dict[str, Any]
    class_ref: dict[str, str | None]
    is_mapped: bool
    extra_links: list[str]


class DagTasks(Answer):
    """The tasks of a DAG."""

    tasks: list[DagTask]
    total_entries: int


class DagTasksQuery(Query):
    """In which order they are listed."""

    order_by: Annotated[
        tuple[str, ...], Ordered("task_id", "task_display_name", "owner", "priority_weight", "retries")
    ] = ("task_id",)
