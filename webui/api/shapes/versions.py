"""Versions of DAGs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator

from webui.api.frame import Answer, Choosing, Ordered, Page, Query


def _uuid(value: Any) -> Any:  # noqa: ANN401 - whatever stands there is checked afterwards
    return UUID(int=value) if isinstance(value, int) else value


#: A number of ours in the form of a UUID, which clients expect: its last digits are the number, in hexadecimal.
RowId = Annotated[UUID, BeforeValidator(_uuid)]


class DagVersion(Answer):
    """A version of a DAG: its structure and the code that it is made of."""

    id: RowId
    version_number: int
    dag_id: str
    dag_display_name: str
    bundle_name: str | None
    bundle_version: str | None
    bundle_url: str | None
    created_at: datetime


class DagVersions(Answer):
    """One page of the versions."""

    dag_versions: list[DagVersion]
    total_entries: int


class DagVersionsWanted(Page, Choosing):
    """Which versions are listed."""

    version_number: int | None = None
    bundle_name: str | None = None
    bundle_version: str | None = None
    order_by: Annotated[
        tuple[str, ...], Ordered("id", "version_number", "bundle_name", "bundle_version")
    ] = ()


class DagSource(Answer):
    """The file of a DAG as a version has it."""

    content: str | None
    dag_id: str
    version_number: int | None
    dag_display_name: str


class SourceWanted(Query):
    """Which version."""

    version_number: int | None = None
