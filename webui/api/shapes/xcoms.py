"""Values that tasks handed on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from webui.api.frame import Answer, Body, Ordered, Page
from webui.api.frame.choosing import Choosing, LogicalDate, RunAfter
from webui.api.shapes.tasks import Instance, MapIndex


class XCom(Answer):
    """A value without itself."""

    key: str
    timestamp: datetime
    logical_date: datetime | None
    map_index: int
    path: str
    task_id: str
    dag_id: str
    run_id: str
    dag_display_name: str
    task_display_name: str
    run_after: datetime


class XComWithValue(XCom):
    """A value; as text where that was asked for."""

    value: Any


class XComs(Answer):
    """One page of a list of values."""

    xcom_entries: list[XCom]
    total_entries: int


class XComsQuery(Page, Choosing, LogicalDate, RunAfter):
    """Which values are listed."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset({"map_index", "map_index_filter"})

    xcom_key: str | None = None
    map_index: MapIndex | None = None
    map_index_filter: MapIndex | None = None
    xcom_key_pattern: str | None = None
    xcom_key_prefix_pattern: str | None = None
    dag_display_name_pattern: str | None = None
    dag_display_name_prefix_pattern: str | None = None
    run_id_pattern: str | None = None
    run_id_prefix_pattern: str | None = None
    task_id_pattern: str | None = None
    task_id_prefix_pattern: str | None = None
    order_by: Annotated[
        tuple[str, ...], Ordered("key", "dag_id", "run_id", "task_id", "map_index", "timestamp", "run_after")
    ] = ()


class XComQuery(Instance):
    """Which instance's value is wanted, and in which form. `deserialize` changes nothing: values are JSON."""

    deserialize: bool = False
    stringify: bool = False


class XComCreate(Body):
    """A new value."""

    key: str
    value: Any
    map_index: MapIndex = -1


class XComUpdate(Body):
    """A value in place of another."""

    value: Any
    map_index: MapIndex = -1
