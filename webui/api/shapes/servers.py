"""Processes, plugins, providers and settings of the server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from webui.api.frame import Answer, Choosing, Ordered, Page, Query
from webui.api.frame.choosing import Ended, Started


class Job(Answer):
    """A process that leads or works."""

    id: int
    dag_id: str | None
    state: str | None
    job_type: str | None
    start_date: datetime | None
    end_date: datetime | None
    latest_heartbeat: datetime | None
    executor_class: str | None
    hostname: str | None
    unixname: str | None
    dag_display_name: str | None


class Jobs(Answer):
    """One page of the processes."""

    jobs: list[Job]
    total_entries: int


class JobsWanted(Page, Started, Ended, Choosing):
    """Which processes are listed."""

    is_alive: bool | None = None
    job_state: str | None = None
    job_type: str | None = None
    hostname: str | None = None
    executor_class: str | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered(
            *("id", "dag_id", "state", "job_type", "start_date", "end_date"),
            *("latest_heartbeat", "executor_class", "hostname", "unixname"),
        ),
    ] = ()


class Plugin(Answer):
    """A plugin and what it brings."""

    name: str
    macros: list[str]
    flask_blueprints: list[str]
    fastapi_apps: list[dict[str, Any]]
    fastapi_root_middlewares: list[dict[str, Any]]
    external_views: list[dict[str, Any]]
    react_apps: list[dict[str, Any]]
    appbuilder_views: list[dict[str, Any]]
    appbuilder_menu_items: list[dict[str, Any]]
    global_operator_extra_links: list[str]
    operator_extra_links: list[str]
    source: str
    listeners: list[str]
    timetables: list[str]


class Plugins(Answer):
    """One page of the plugins."""

    plugins: list[Plugin]
    total_entries: int


class PluginError(Answer):
    """What is wrong with a plugin."""

    source: str
    error: str


class PluginErrors(Answer):
    """The plugins that are of no use, or a part of them."""

    import_errors: list[PluginError]
    total_entries: int


class Provider(Answer):
    """An installed provider of Airflow's."""

    package_name: str
    description: str
    version: str
    documentation_url: str | None


class Providers(Answer):
    """One page of the providers."""

    providers: list[Provider]
    total_entries: int


class ConfigOption(Answer):
    """A setting."""

    key: str
    value: str


class ConfigSection(Answer):
    """Settings under one heading: ours have one, `dirigent`."""

    name: str
    options: list[ConfigOption]


class Config(Answer):
    """The settings in force."""

    sections: list[ConfigSection]


class ConfigWanted(Query):
    """Which section."""

    section: str | None = None
