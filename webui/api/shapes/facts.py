"""What is known of DAGs besides: sums of their runs, warnings, files that do not load."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from scheduler.core.states import RunState
from webui.api.frame import Answer, Choosing, Ordered, Page, Query


class StateCount(Answer):
    """How many runs are in a state."""

    state: RunState
    count: int


class DagStats(Answer):
    """How many runs of a DAG are in each state."""

    dag_id: str
    dag_display_name: str
    stats: list[StateCount]


class DagsStats(Answer):
    """The same of several DAGs."""

    dags: list[DagStats]
    total_entries: int


class StatsWanted(Query):
    """Of which DAGs; without any, of all that have runs."""

    dag_ids: tuple[str, ...] = ()


class DagWarning(Answer):
    """What is to be thought about in a DAG's file."""

    dag_id: str
    warning_type: str
    message: str
    timestamp: datetime
    dag_display_name: str


class DagWarnings(Answer):
    """One page of the warnings."""

    dag_warnings: list[DagWarning]
    total_entries: int


class WarningsWanted(Page):
    """Which warnings are listed."""

    dag_id: str | None = None
    warning_type: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered("dag_id", "warning_type", "message", "timestamp")] = ()


class ImportError_(Answer):
    """A file that does not load."""

    import_error_id: int
    timestamp: datetime
    filename: str
    bundle_name: str | None
    stack_trace: str
    #: Dirigent's own: what went wrong in one line, and where.
    error_type: str | None
    message: str | None
    lineno: int | None


class ImportErrors(Answer):
    """One page of the files that do not load."""

    import_errors: list[ImportError_]
    total_entries: int


class ImportErrorsWanted(Page, Choosing):
    """Which files are listed."""

    filename: str | None = None
    bundle_name: str | None = None
    filename_pattern: str | None = None
    filename_prefix_pattern: str | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered("id", "import_error_id", "timestamp", "filename", "bundle_name", "stacktrace", "stack_trace"),
    ] = ()


class ExtraLinks(Answer):
    """Links that an operator gives to its task."""

    extra_links: dict[str, str | None]
    total_entries: int


class LinksWanted(Query):
    """Of which instance of a mapped task."""

    map_index: Annotated[int, Field(ge=-1)] = -1


class Health(Answer):
    """Whether the parts of the server make progress."""

    metadatabase: dict[str, Any]
    scheduler: dict[str, Any]
    triggerer: dict[str, Any]
    dag_processor: dict[str, Any] | None
    #: Dirigent's own.
    workers: dict[str, Any]


class Version(Answer):
    """The version of this program."""

    version: str
    git_version: str | None
