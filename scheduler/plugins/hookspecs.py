"""What a plugin may bring. It has a function of one of these names, marked with `scheduler.plugins.hookimpl`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pluggy import HookspecMarker

from scheduler.plugins.subjects import Asset, AssetEvent, DagRun, TaskInstance

_hookspec: Final = HookspecMarker("dirigent")


@dataclass(frozen=True, slots=True)
class PluginPage:
    """A page of a plugin: its views, and the entry of the menu that leads to the view `endpoint` of them."""

    blueprint: Any  #: flask.Blueprint
    label: str
    endpoint: str = "show"  #: "": it has no entry


@dataclass(frozen=True, slots=True)
class PluginLink:
    """An entry of the menu that leads elsewhere: `href` is http, https, or a path that begins with /."""

    label: str
    href: str


class SecretBackend(Protocol):
    """A place that keeps variables and connections, asked before Dirigent's own. Called from several threads."""

    def get_variable(self, key: str) -> str | None:
        """Return the text, or None where this place has none."""

    def get_connection(self, conn_id: str) -> Mapping[str, Any] | None:
        """Return conn_type, host, port, login, password, schema, extra (text) and description, or None."""


@_hookspec
def dirigent_macros() -> Mapping[str, Callable[..., Any]]:
    """Return functions for templates: `{{ macros.PLUGIN.NAME(...) }}`. Asked in the processes that run tasks."""
    raise NotImplementedError


@_hookspec
def dirigent_pages() -> Sequence[PluginPage]:
    """Return pages. Whoever is signed in sees them, as all others; what they print is escaped by their templates."""
    raise NotImplementedError


@_hookspec
def dirigent_links() -> Sequence[PluginLink]:
    """Return entries of the menu that lead elsewhere."""
    raise NotImplementedError


@_hookspec
def dirigent_secret_backend() -> SecretBackend:
    """Return a place that keeps variables and connections. Asked once a server."""
    raise NotImplementedError


# --- Listeners: told of what happened, after it is written, by whoever leads; they return nothing -----------


@_hookspec
def on_starting(component: str) -> None:
    """Be told that a scheduler leads from now on; `component` is "scheduler"."""


@_hookspec
def before_stopping(component: str) -> None:
    """Be told that it is about to stop."""


@_hookspec
def on_dag_run_running(dag_run: DagRun, msg: str) -> None:
    """Be told that a run began."""


@_hookspec
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:
    """Be told that a run succeeded."""


@_hookspec
def on_dag_run_failed(dag_run: DagRun, msg: str) -> None:
    """Be told that a run failed; `msg` says why."""


@_hookspec
def on_task_instance_running(previous_state: str | None, task_instance: TaskInstance) -> None:
    """Be told that a task began."""


@_hookspec
def on_task_instance_success(previous_state: str | None, task_instance: TaskInstance) -> None:
    """Be told that a task succeeded."""


@_hookspec
def on_task_instance_failed(previous_state: str | None, task_instance: TaskInstance, error: str) -> None:
    """Be told that an attempt of a task failed; its state is `up_for_retry` where another follows."""


@_hookspec
def on_task_instance_skipped(previous_state: str | None, task_instance: TaskInstance) -> None:
    """Be told that a task was skipped."""


@_hookspec
def on_asset_changed(asset: Asset) -> None:
    """Be told that an asset changed."""


@_hookspec
def on_asset_event_emitted(asset_event: AssetEvent) -> None:
    """Be told the same, with what changed it."""


@_hookspec
def on_new_dag_import_error(filename: str, stacktrace: str) -> None:
    """Be told that a file of the DAG folder cannot be imported."""


@_hookspec
def on_existing_dag_import_error(filename: str, stacktrace: str) -> None:
    """Be told that a file that could not be imported fails in another way now."""
