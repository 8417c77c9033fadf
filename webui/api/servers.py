"""Jobs (processes), plugins, providers and the settings in force."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from flask import Response, request

from scheduler.errors import NotFound
from scheduler.plugins.loading import Plugin
from scheduler.security.rights import Right
from scheduler.store.views.servers import ServerRow, list_servers
from webui.api.frame import Fields, Page, Routes
from webui.api.ordering import ordered
from webui.api.shapes import servers as shapes
from webui.context import reading, web
from webui.rights import needs

routes = Routes("api_servers", "/api/v2", tag="Server")

_TYPES: Final = {"scheduler": "SchedulerJob", "worker": "WorkerJob"}
_SECTION: Final = "dirigent"
_PROVIDER: Final = "apache-airflow-providers-"
#: Of what Airflow knows, what no plugin of ours brings.
_EMPTY: Final = dict.fromkeys(
    (
        *(
            "fastapi_apps",
            "fastapi_root_middlewares",
            "react_apps",
            "appbuilder_views",
            "appbuilder_menu_items",
        ),
        *("global_operator_extra_links", "operator_extra_links", "timetables"),
    ),
    (),
)


@routes.get("/jobs", answers=shapes.Jobs)
@needs(Right.SERVER_READ)
def get_jobs(query: shapes.JobsWanted) -> Fields:
    """Return workers and the leading scheduler, those that are alive first."""
    with reading() as session:
        found = [_job(each) for each in list_servers(session)]
    chosen = [each for each in found if _is_chosen(each, query)]
    chosen = ordered(chosen, query.order_by)
    return {"jobs": query.part(chosen), "total_entries": len(chosen)}


def _job(row: ServerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "dag_id": None,
        "state": "running" if row.is_alive else "success" if row.stopped_at else "failed",
        "job_type": _TYPES[row.kind],
        "start_date": row.started_at,
        "end_date": row.stopped_at,
        "latest_heartbeat": row.lease_until,
        "executor_class": None,
        "hostname": row.hostname,
        "unixname": None,
        "dag_display_name": None,
    }


def _is_chosen(job: Fields, query: shapes.JobsWanted) -> bool:
    wanted = {"state": query.job_state, "job_type": query.job_type, "hostname": query.hostname}
    wanted["executor_class"] = query.executor_class
    lives = job["state"] == "running"
    bounds = query.choice().ranges
    return (
        query.is_alive in (None, lives)
        and all(value in (None, job[name]) for name, value in wanted.items())
        and all(
            _lies_within(job[name], bounds[name]) for name in ("start_date", "end_date") if name in bounds
        )
    )


def _lies_within(value: Any, bounds: Any) -> bool:  # noqa: ANN401 - an instant, or none
    return value is not None and all(
        (
            bounds.gte is None or value >= bounds.gte,
            bounds.gt is None or value > bounds.gt,
            bounds.lte is None or value <= bounds.lte,
            bounds.lt is None or value < bounds.lt,
        )
    )


@routes.get("/plugins", answers=shapes.Plugins)
@needs(Right.SERVER_READ)
def get_plugins(query: Page) -> Fields:
    """Return the plugins, and what they bring."""
    found = sorted(web().plugins.found, key=attrgetter("name"))
    return {"plugins": [_plugin(each) for each in query.part(found)], "total_entries": len(found)}


def _plugin(plugin: Plugin) -> Fields:
    def having(*hooks: str) -> list[str]:
        return [each for each in plugin.hooks if each.startswith(hooks)]

    return {
        **_EMPTY,
        "name": plugin.name,
        "source": plugin.source,
        "macros": having("dirigent_macros"),
        "flask_blueprints": having("dirigent_pages"),
        "external_views": [],
        "listeners": having("on_", "before_"),
    }


@routes.get("/plugins/importErrors", answers=shapes.PluginErrors)
@needs(Right.SERVER_READ)
def import_errors() -> Fields:
    """Return the plugins that are of no use, or a part of them."""
    found = [{"source": each.source, "error": each.error} for each in web().plugins.found if each.error]
    return {"import_errors": found, "total_entries": len(found)}


@routes.get("/providers", answers=shapes.Providers)
@needs(Right.SERVER_READ)
def get_providers(query: Page) -> Fields:
    """Return the installed providers of Airflow's."""
    named = [each for each in importlib.metadata.distributions() if _name(each).startswith(_PROVIDER)]
    found = sorted({_name(each): each for each in named}.items())
    shown = [_provider(name, each) for name, each in query.part(found)]
    return {"providers": shown, "total_entries": len(found)}


def _name(found: importlib.metadata.Distribution) -> str:
    return (found.name or "").lower().replace("_", "-")


def _provider(name: str, found: importlib.metadata.Distribution) -> Fields:
    page = f"https://airflow.apache.org/docs/{name}/{found.version}"
    text = found.metadata["Summary"] or ""
    return {"package_name": name, "description": text, "version": found.version, "documentation_url": page}


@routes.get("/config", answers=shapes.Config)
@needs(Right.SETTING_READ)
def get_config(query: shapes.ConfigWanted) -> Fields | Response:
    """Return the settings in force; secrets are masked."""
    if query.section not in (None, _SECTION):
        raise NotFound("section", query.section, hint=f"All settings stand under {_SECTION!r}.")
    return _config(sorted(web().settings))


@routes.get("/config/section/<section>/option/<option>", answers=shapes.Config)
@needs(Right.SETTING_READ)
def get_config_value(section: str, option: str) -> Fields | Response:
    """Return one setting."""
    if section != _SECTION or option not in web().settings:
        raise NotFound("setting", f"{section}/{option}", hint=f"All settings stand under {_SECTION!r}.")
    return _config([option])


def _config(names: Sequence[str]) -> Fields | Response:
    options = {name: _text(web().settings[name].value) for name in names}
    if request.accept_mimetypes.best_match(["application/json", "text/plain"]) == "text/plain":
        lines = [f"{name} = {value}" for name, value in options.items()]
        return Response("\n".join([f"[{_SECTION}]", *lines, ""]), content_type="text/plain; charset=utf-8")
    listed = [{"key": name, "value": value} for name, value in options.items()]
    return {"sections": [{"name": _SECTION, "options": listed}]}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
