"""Connections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from webui.api.bulk import Bulk
from webui.api.frame import Answer, Body, Choosing, Ordered, Page, Query


class Connection(Answer):
    """A connection; its secrets are masked."""

    model_config = ConfigDict(serialize_by_alias=True)

    connection_id: str
    conn_type: str
    description: str | None
    host: str | None
    login: str | None
    schema_: Annotated[str | None, Field(alias="schema")]
    port: int | None
    password: str | None
    extra: str | None
    team_name: str | None = None


class Connections(Answer):
    """One page of the connections."""

    connections: list[Connection]
    total_entries: int


class ConnectionsWanted(Page, Choosing):
    """Which connections are listed."""

    connection_id_pattern: str | None = None
    connection_id_prefix_pattern: str | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered("conn_id", "connection_id", "conn_type", "description", "host", "port", "id"),
    ] = ()


class ConnectionPatch(Body):
    """What is to change of a connection."""

    model_config = ConfigDict(populate_by_name=True)

    connection_id: str | None = None
    conn_type: str | None = None
    description: str | None = None
    host: str | None = None
    login: str | None = None
    schema_: Annotated[str | None, Field(alias="schema")] = None
    port: int | None = None
    password: str | None = None
    extra: str | None = None
    team_name: str | None = None


class ConnectionBody(ConnectionPatch):
    """A connection as it is to be."""

    connection_id: Annotated[str, Field(max_length=200)]
    conn_type: str


class ConnectionMask(Query):
    """Which fields of a body count; without it all that it has."""

    update_mask: tuple[str, ...] = ()


class ConnectionsBulk(Bulk[ConnectionBody]):
    """Connections to create, change and delete."""


class ConnectionTested(Answer):
    """What a trial of a connection found."""

    status: bool
    message: str


class ConnectionTestBody(ConnectionBody):
    """A connection that is to be tried out."""

    commit_on_success: bool = False
    executor: str | None = None
    queue: str | None = None


class ConnectionTestQueued(Answer):
    """A trial that waits for a worker."""

    token: str
    connection_id: str
    state: str


class ConnectionTestState(ConnectionTestQueued):
    """How a trial stands."""

    result_message: str | None
    created_at: datetime
