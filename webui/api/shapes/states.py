"""What tasks keep between their attempts, and what is kept with assets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from webui.api.frame import Answer, Body, Instant, Page, Query
from webui.api.shapes.tasks import MapIndex


def _kept(value: Any) -> Any:  # noqa: ANN401 - whatever is to be kept
    if value is None:
        raise ValueError("null cannot be kept: delete the key instead")
    return value


#: JSON, and not null.
Kept = Annotated[Any, AfterValidator(_kept)]


class TaskState(Answer):
    """A value that a task keeps."""

    key: str
    value: Any
    updated_at: datetime
    expires_at: datetime | None


class TaskStates(Answer):
    """What a task instance keeps."""

    task_state_store: list[TaskState]
    total_entries: int


class TaskStateSet(Body):
    """A value to keep; `default` is as long as its run."""

    value: Kept
    expires_at: Instant | Literal["default"] | None = "default"


class StatePatch(Body):
    """Another value."""

    value: Kept


class OfInstance(Query):
    """Which instance of a mapped task."""

    map_index: MapIndex = -1


class InstancePage(Page):
    """Which instance of a mapped task, and which part of its list."""

    map_index: MapIndex = -1


class OfInstances(OfInstance):
    """Which instance of a mapped task, or all of them."""

    all_map_indices: bool = False


class Writer(Answer):
    """Who kept something with an asset."""

    kind: Literal["task", "watcher", "api"]
    dag_id: str | None
    run_id: str | None
    task_id: str | None
    map_index: int | None


class AssetState(Answer):
    """A value that is kept with an asset."""

    key: str
    value: Any
    updated_at: datetime
    last_updated_by: Writer | None


class AssetStates(Answer):
    """What is kept with an asset."""

    asset_state_store: list[AssetState]
    total_entries: int
