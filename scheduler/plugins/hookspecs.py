"""What a plugin may bring. It has a function of one of these names, marked with `scheduler.plugins.hookimpl`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pluggy import HookspecMarker

_hookspec: Final = HookspecMarker("dirigent")


@dataclass(frozen=True, slots=True)
class PluginPage:
    """A page of a plugin: its views, and the entry of the menu that leads to the view `endpoint` of them."""

    blueprint: Any  #: flask.Blueprint
    label: str
    endpoint: str = "show"


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
def dirigent_secret_backend() -> SecretBackend:
    """Return a place that keeps variables and connections. Asked once a server."""
    raise NotImplementedError
