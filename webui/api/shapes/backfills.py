"""Backfills."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from scheduler.core.backfills import Reprocess
from webui.api.frame import Answer, Body, Instant, Ordered, Page


class Backfill(Answer):
    """A backfill as it stands."""

    id: int
    dag_id: str
    dag_display_name: str
    from_date: datetime
    to_date: datetime
    dag_run_conf: dict[str, Any] | None
    is_paused: bool
    reprocess_behavior: Reprocess
    max_active_runs: int
    created_at: datetime
    completed_at: datetime | None
    updated_at: datetime


class Backfills(Answer):
    """One page of the backfills."""

    backfills: list[Backfill]
    total_entries: int


class BackfillsWanted(Page):
    """Which backfills are listed: those of a DAG, or all; the newest first, unless asked otherwise."""

    dag_id: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered("id")] = ("-id",)


class BackfillBody(Body):
    """What is asked for; the ends are logical dates and belong to the range."""

    dag_id: str
    from_date: Instant
    to_date: Instant
    run_backwards: bool = False
    dag_run_conf: dict[str, Any] | None = None
    reprocess_behavior: Annotated[Reprocess, Field(strict=False)] = Reprocess.NONE
    max_active_runs: int = 10
    run_on_latest_version: bool | None = None


class TriedRun(Answer):
    """A date that would have a run."""

    logical_date: datetime | None
    partition_key: str | None
    partition_date: datetime | None


class TriedBackfill(Answer):
    """The dates that a backfill would make runs for, or have run again."""

    backfills: list[TriedRun]
    total_entries: int
