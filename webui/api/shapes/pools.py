"""Pools."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from webui.api.bulk import Bulk
from webui.api.frame import Answer, Body, Choosing, Ordered, Page, Query

Slots = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Pool(Answer):
    """A pool, and what takes its slots."""

    name: str
    slots: int
    description: str | None
    include_deferred: bool
    occupied_slots: int
    running_slots: int
    queued_slots: int
    scheduled_slots: int
    open_slots: int
    deferred_slots: int
    team_name: str | None = None


class Pools(Answer):
    """One page of the pools."""

    pools: list[Pool]
    total_entries: int


class PoolsWanted(Page, Choosing):
    """Which pools are listed."""

    pool_name_pattern: str | None = None
    pool_name_prefix_pattern: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered("id", "name", "pool", "slots")] = ()


class PoolBody(Body):
    """A pool as it is to be."""

    name: str
    slots: Slots
    description: str | None = None
    include_deferred: bool = False
    team_name: str | None = None


class PoolPatch(Body):
    """What is to change of a pool."""

    name: str | None = None
    pool: str | None = None
    slots: Slots | None = None
    description: str | None = None
    include_deferred: bool | None = None
    team_name: str | None = None


class PoolMask(Query):
    """Which fields of a body count; without it all that it has."""

    update_mask: tuple[
        Literal["name", "pool", "slots", "description", "include_deferred", "team_name"], ...
    ] = ()


class PoolsBulk(Bulk[PoolBody]):
    """Pools to create, change and delete."""
