"""Assets, their events, and the events that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from webui.api.frame import Answer, Body, Choosing, Instant, Ordered, Page, Query
from webui.api.shapes.runs import Note


class DagUse(Answer):
    """A DAG that runs for an asset."""

    dag_id: str
    created_at: datetime
    updated_at: datetime


class TaskUse(DagUse):
    """A task that makes or reads an asset."""

    task_id: str


class Alias(Answer):
    """A name under which tasks make assets that they know only when they run."""

    id: int
    name: str
    group: str


class Aliases(Answer):
    """One page of the aliases."""

    asset_aliases: list[Alias]
    total_entries: int


class AliasesWanted(Page, Choosing):
    """Which aliases are listed."""

    name_pattern: str | None = None
    name_prefix_pattern: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered("id", "name")] = ()


class Watcher(Answer):
    """A trigger that is watched for an asset."""

    name: str
    trigger_id: int
    created_date: datetime


class LastEvent(Answer):
    """When an asset changed last."""

    id: int | None
    timestamp: datetime | None


class Asset(Answer):
    """An asset, and who has to do with it."""

    id: int
    name: str
    uri: str
    group: str
    extra: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    scheduled_dags: list[DagUse]
    producing_tasks: list[TaskUse]
    consuming_tasks: list[TaskUse]
    aliases: list[Alias]
    watchers: list[Watcher]
    last_asset_event: LastEvent | None
    #: Dirigent's own: whether it is as fresh as it was promised to be, and the promise.
    freshness: str | None
    freshness_policy: dict[str, Any] | None


class Assets(Answer):
    """One page of the assets."""

    assets: list[Asset]
    total_entries: int


class AssetsWanted(Page, Choosing):
    """Which assets are listed."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset({"dag_ids", "only_active"})

    name_pattern: str | None = None
    name_prefix_pattern: str | None = None
    uri_pattern: str | None = None
    uri_prefix_pattern: str | None = None
    dag_ids: tuple[str, ...] = ()
    only_active: bool = True
    order_by: Annotated[tuple[str, ...], Ordered("id", "name", "uri", "created_at", "updated_at")] = ()


class BegunRun(Answer):
    """A run that an event was part of the beginning of."""

    run_id: str
    dag_id: str
    logical_date: datetime | None
    start_date: datetime
    end_date: datetime | None
    state: str
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    partition_key: str | None
    triggering: bool


class AssetEvent(Answer):
    """A change of an asset."""

    id: int
    asset_id: int
    uri: str | None
    name: str | None
    group: str | None
    extra: dict[str, Any] | None
    source_task_id: str | None
    source_dag_id: str | None
    source_run_id: str | None
    source_map_index: int
    created_dagruns: list[BegunRun]
    timestamp: datetime
    partition_key: str | None
    #: Dirigent's own: the alias under which it was made, and who said so by hand.
    source_alias: str | None
    created_by: str | None


class AssetEvents(Answer):
    """One page of the events."""

    asset_events: list[AssetEvent]
    total_entries: int


class EventsWanted(Page, Choosing):
    """Which events are listed, the newest first unless asked otherwise."""

    asset_id: int | None = None
    source_dag_id: str | None = None
    source_task_id: str | None = None
    source_run_id: str | None = None
    source_map_index: int | None = None
    name_pattern: str | None = None
    name_prefix_pattern: str | None = None
    timestamp_gte: Instant | None = None
    timestamp_gt: Instant | None = None
    timestamp_lte: Instant | None = None
    timestamp_lt: Instant | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered("source_task_id", "source_dag_id", "source_run_id", "source_map_index", "timestamp", "id"),
    ] = ("-timestamp",)


class EventBody(Body):
    """A change that somebody tells of."""

    asset_id: int
    partition_key: Annotated[str, Field(pattern=r"\S", max_length=250)] | None = None
    extra: Annotated[dict[str, Any], Field(default_factory=dict)]
    access_control: None = None


class Queued(Answer):
    """Events of an asset that a DAG has yet to run for: the first of them."""

    dag_id: str
    asset_id: int
    created_at: datetime
    dag_display_name: str


class QueuedEvents(Answer):
    """All of them."""

    queued_events: list[Queued]
    total_entries: int


class QueuedWanted(Query):
    """Only those that came before an instant."""

    before: Instant | None = None


class Materialize(Body):
    """What the run that makes an asset is to be."""

    MAY_BE_LEFT_OUT = True

    conf: dict[str, Any] | None = None
    dag_run_id: str | None = None
    note: Note | None = None
    partition_key: str | None = None
