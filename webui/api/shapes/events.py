"""Event logs: who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from webui.api.frame import Answer, Choosing, Instant, Ordered, Page


class EventLog(Answer):
    """One event."""

    event_log_id: int
    when: datetime
    dag_id: str | None
    task_id: str | None
    run_id: str | None
    map_index: int | None
    try_number: int | None
    event: str
    logical_date: datetime | None
    owner: str | None
    extra: str | None
    dag_display_name: str | None
    task_display_name: str | None


class EventLogs(Answer):
    """One page of the events."""

    event_logs: list[EventLog]
    total_entries: int


class EventLogsWanted(Page, Choosing):
    """Which events are listed: those of people, or of a run that is named all, the newest first."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset({"excluded_events", "included_events", "before", "after"})

    dag_id: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    owner: str | None = None
    event: str | None = None
    excluded_events: tuple[str, ...] = ()
    included_events: tuple[str, ...] = ()
    before: Instant | None = None
    after: Instant | None = None
    dag_id_pattern: str | None = None
    task_id_pattern: str | None = None
    run_id_pattern: str | None = None
    owner_pattern: str | None = None
    event_pattern: str | None = None
    dag_id_prefix_pattern: str | None = None
    task_id_prefix_pattern: str | None = None
    run_id_prefix_pattern: str | None = None
    owner_prefix_pattern: str | None = None
    event_prefix_pattern: str | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered(
            *("id", "event_log_id", "dttm", "when", "dag_id", "task_id", "run_id"),
            *("event", "logical_date", "owner", "extra"),
        ),
    ] = ()
