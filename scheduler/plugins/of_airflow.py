"""Plugins written for Airflow: what a class of theirs brings, as far as Dirigent has a place for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from scheduler.plugins.hookspecs import PluginLink, PluginPage

#: What marks the class that all these derive from (`compat.airflow.plugins.AirflowPlugin`).
MARK: Final = "dirigent_takes_up"
#: What such a class may list that has no place here.
_LACKING: Final = (
    *("admin_views", "appbuilder_views", "executors", "fastapi_apps", "fastapi_root_middlewares"),
    *("global_operator_extra_links", "hook_lineage_readers", "operator_extra_links", "react_apps"),
    *("partition_mappers", "windows", "deadline_references"),
)


@dataclass(frozen=True, slots=True)
class Brought:
    """What one class brings. Timetables, operators, hooks and priorities are imported by the files that use them."""

    name: str
    macros: dict[str, Any] = field(default_factory=dict)
    listeners: tuple[Any, ...] = ()
    pages: tuple[PluginPage, ...] = ()
    links: tuple[PluginLink, ...] = ()
    lacks: tuple[str, ...] = ()


def plugins_of(module: ModuleType | type) -> Iterator[Brought]:
    """Yield what the plugin classes of a module bring. Raises what they raise."""
    for each in vars(module).values() if isinstance(module, ModuleType) else [module]:
        if isinstance(each, type) and hasattr(each, MARK) and MARK not in vars(each):
            yield _brought(each)


def _brought(plugin: Any) -> Brought:  # noqa: ANN401 - a class of someone else's
    if callable(load := getattr(plugin, "on_load", None)):
        load()
    links = (*plugin.appbuilder_menu_items, *plugin.external_views, *plugin.menu_links)
    return Brought(
        name=plugin.name or plugin.__name__,
        macros={each.__name__.rpartition(".")[2]: each for each in plugin.macros},
        listeners=tuple(plugin.listeners),
        pages=tuple(PluginPage(_blueprint(each), "", endpoint="") for each in plugin.flask_blueprints),
        links=tuple(_link(each) for each in links),
        lacks=tuple(name for name in _LACKING if getattr(plugin, name, None)),
    )


def _blueprint(given: Any) -> Any:  # noqa: ANN401 - flask.Blueprint, or a dict that holds one
    return given["blueprint"] if isinstance(given, Mapping) else given


def _link(given: Mapping[str, Any]) -> PluginLink:
    return PluginLink(str(given["name"]), str(given["href"]))
