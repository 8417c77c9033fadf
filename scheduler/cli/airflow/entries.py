"""Entries of Airflow's exports and of its API, read into what Dirigent takes over. No error repeats a value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scheduler.connection_texts import fields_of, fields_of_data
from scheduler.core.ids import check_id
from scheduler.core.timetables import Due
from scheduler.errors import BadConnection, BadExport
from scheduler.operations.takeover import Stand, Text
from scheduler.store.connections import Connection
from scheduler.store.pools import Pool
from scheduler.wire import Json

Data = Mapping[str, Any]

#: What Airflow shows in place of secrets.
HIDDEN: Final = "***"
#: Slots of a pool that has no limit there (-1).
_UNLIMITED: Final = 100_000
_MOMENT: Final = timedelta(microseconds=1)
_FIRST_YEAR: Final = 1000
_LAST_YEAR: Final = 9000


def read_text(key: str, value: object) -> Text:
    """Read a variable of an export: a text, any other JSON, or an object of the value and its description."""
    if isinstance(value, Mapping) and "value" in value and value.keys() <= {"value", "description"}:
        return Text(key, _as_text(value["value"]), str(value.get("description") or ""))
    return Text(key, _as_text(value))


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read_told_text(told: Data) -> Text:
    """Read a variable that the API told. Raises BadExport where Airflow hides its value."""
    key, value = str(told["key"]), told.get("value")
    if HIDDEN in str(value):
        raise BadExport(
            "Airflow's API hides its value; `airflow variables export` tells it: --variables FILE"
        )
    return Text(key, "" if value is None else str(value), str(told.get("description") or ""))


def read_connection(conn_id: str, value: object) -> Connection:
    """Read a connection of an export: a URI, or an object of its fields. Raises BadConnection."""
    match value:
        case str():
            fields = fields_of(conn_id, value)
        case Mapping():
            fields = fields_of_data(conn_id, value)
        case _:
            raise BadConnection(f"Connection {conn_id!r} is neither a URI nor an object of fields.")
    return Connection(**{"conn_type": "", **fields, "conn_id": conn_id})


def read_told_connection(told: Data) -> Connection:
    """Read a connection that the API told. Raises BadConnection, and BadExport where secrets of it are hidden."""
    if "password" not in told or HIDDEN in f"{told['password']}{told.get('extra')}":
        raise BadExport(
            "Airflow's API hides its secrets; `airflow connections export` tells them: --connections FILE"
        )
    return read_connection(str(told["connection_id"]), told)


def read_pool(name: str, value: object) -> Pool:
    """Read a pool. Raises BadExport."""
    slots = value.get("slots") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or isinstance(slots, bool) or not isinstance(slots, int) or slots < -1:
        raise BadExport("its slots are not a number of 0 or more (-1: no limit)")
    count = _UNLIMITED if slots == -1 else slots
    return Pool(name, count, str(value.get("description") or ""), bool(value.get("include_deferred")))


def read_stand(told: Data, runs: Iterable[Data] = ()) -> Stand:
    """Read where a DAG stands, of what is told of it and of its runs. Raises BadExport.

    Of runs the newest counts that the schedule made. Where none is known the next one tells how far it came.
    """
    last = max(filter(None, map(_due_of_run, runs)), key=lambda due: due.run_at, default=None)
    last = last or _due_before(told)
    return Stand(
        dag_id=check_id("dag_id", told["dag_id"]),
        is_paused=_flag(told.get("is_paused", told.get("paused"))),
        last=last,
        schedule_meaning=_meaning(told),
    )


def is_of_schedule(run: Data) -> bool:
    """Tell whether the schedule made a run; older Airflows tell it by its id only."""
    return (
        str(run.get("run_type") or str(_first(run, "dag_run_id", "run_id")).partition("__")[0]) == "scheduled"
    )


def _due_of_run(run: Data) -> Due | None:
    date = _instant(run, "logical_date", "execution_date") if is_of_schedule(run) else None
    if date is None:
        return None
    start = _instant(run, "data_interval_start") or date
    # Where the end of its interval is not told, the next one begins later than this one.
    end = _instant(run, "data_interval_end") or _instant(run, "run_after") or date + _MOMENT
    return Due(_instant(run, "run_after") or max(end, date), date, start, max(start, end))


def _due_before(told: Data) -> Due | None:
    """Return a run that ended just before the one that Airflow was going to make next."""
    run_at = _instant(told, "next_dagrun_run_after", "next_dagrun_create_after")
    date = _instant(told, "next_dagrun_logical_date", "next_dagrun") or run_at
    if run_at is None or date is None:
        return None
    start = _instant(told, "next_dagrun_data_interval_start") or date
    return Due(run_at - _MOMENT, date - _MOMENT, start - _MOMENT, start)


def _meaning(told: Data) -> str | None:
    """Return what its schedule means there, as far as an interval that is not empty tells it."""
    start = _instant(told, "next_dagrun_data_interval_start")
    end = _instant(told, "next_dagrun_data_interval_end")
    if start is None or end is None:
        return None
    return "trigger" if start == end else "interval"


def _instant(told: Data, *names: str) -> datetime | None:
    name = next((each for each in names if told.get(each) not in (None, "", "None")), None)
    if name is None:
        return None
    try:
        moment = datetime.fromisoformat(str(told[name]))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadExport(f"{name} is no instant in ISO 8601") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise BadExport(f"{name} is no instant of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment


def _first(told: Data, *names: str) -> Json:
    return next((told[name] for name in names if told.get(name) is not None), None)


def _flag(value: object) -> bool | None:
    match value:
        case bool():
            return value
        case "True" | "true":
            return True
        case "False" | "false":
            return False
        case _:
            return None
