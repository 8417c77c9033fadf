"""The time zone in which a page says times: the reader's own, UTC, or that of the DAG that it is about.

The reader's own is what their browser tells (its script keeps it in a cookie); until then, and without a script, it is
UTC. On pages about many DAGs the zone of the DAG is the reader's own.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from flask import g, has_request_context, request

from scheduler.errors import DirigentError
from scheduler.store.dags import find_dag
from webui.context import asker, reading, spec_of
from webui.looks import look
from webui.words import by_zone

_COOKIE: Final = "dirigent_here"


def zone_name() -> str:
    """Return the name of the zone that times are said in."""
    if not has_request_context():
        return "UTC"
    if "zone_name" not in g:
        g.zone_name = _find()
    found: str = g.zone_name
    return found


def zone() -> tzinfo:
    """Return the zone that times are said in."""
    return _known(zone_name()) or UTC


def local(at: datetime) -> datetime:
    """Return an instant by the clock of that zone; as it is where the calendar of the zone ends before it."""
    return by_zone(at, zone())


def _find() -> str:
    chosen = look("zone")
    name = "" if chosen == "utc" else request.cookies.get(_COOKIE, "")
    if chosen == "dag":
        name = _of_dag() or name
    return name if _known(name) else "UTC"


def _of_dag() -> str:
    """Return the zone of the DAG that the address names; empty where it names none that is in sight."""
    dag_id = (request.view_args or {}).get("dag_id")
    if dag_id is None or not asker().is_known:
        return ""
    try:
        with reading() as session:
            found = find_dag(session, dag_id)
            return spec_of(session, found.version_id).timezone if found else ""
    except DirigentError:
        return ""


@lru_cache(maxsize=64)
def _known(name: str) -> ZoneInfo | None:
    """Return a zone by its name; None where there is none: a cookie says what it likes."""
    try:
        return ZoneInfo(name) if 0 < len(name) <= 60 else None
    except (KeyError, ValueError, OSError):
        return None
