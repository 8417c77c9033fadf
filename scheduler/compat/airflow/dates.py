"""The names that Airflow's templates and functions know beside Dirigent's: dates around the logical date, mostly.

Instants are pendulum's where pendulum is installed, as files rely on its methods. The run before and the run after are
worked out when they are asked for, since that loads croniter.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from scheduler.sdk.context import LOOKED_BACK, LateContext
from scheduler.sdk.instance import DagRun

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.wire import RunInfo

_NEIGHBOURS: Final = (
    "next_execution_date",
    "next_ds",
    "next_ds_nodash",
    "prev_execution_date",
    "prev_ds",
    "prev_ds_nodash",
)
_OTHERS: Final = (
    *("END_DATE", "end_date", "execution_date", "latest_date", "prev_execution_date_success"),
    *("tomorrow_ds_nodash", "triggering_dataset_events", "yesterday_ds_nodash"),
)
#: Every name that is added.
CONTEXT_NAMES: Final = frozenset({*_NEIGHBOURS, *_OTHERS})


def dated(dag: DAG, run: RunInfo, context: Mapping[str, Any]) -> LateContext:
    """Return the context with all of Airflow's names."""
    dag_run = _with_dates(context["dag_run"])
    moment = dag_run.logical_date or dag_run.run_after
    day = timedelta(days=1)
    if "ti" in context:
        context["ti"].dag_run = dag_run
    known = {
        **context,
        "dag_run": dag_run,
        "execution_date": moment,
        "logical_date": dag_run.logical_date,
        "data_interval_start": dag_run.data_interval_start,
        "data_interval_end": dag_run.data_interval_end,
        "yesterday_ds_nodash": f"{moment - day:%Y%m%d}",
        "tomorrow_ds_nodash": f"{moment + day:%Y%m%d}",
        **dict.fromkeys(("end_date", "END_DATE", "latest_date"), f"{moment:%Y-%m-%d}"),
        "triggering_dataset_events": context.get("triggering_asset_events", {}),
        **dag.user_defined_macros,
    }
    return LateContext(known, _neighbours(dag, run, moment), _with_pendulum(context))


def _with_pendulum(context: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """Return what is asked for with pendulum's instants, and under one more name. A DAG's callback asks for nothing."""
    asked = context.asked if isinstance(context, LateContext) else dict.fromkeys(LOOKED_BACK, _nothing)
    converted = {name: partial(_converted, find) for name, find in asked.items()}
    return converted | {"prev_execution_date_success": converted["prev_data_interval_start_success"]}


def _nothing() -> None:
    """Return None."""


def _converted(find: Callable[[], Any]) -> Any:
    value = find()
    return as_pendulum(value) if isinstance(value, datetime) else value


def _with_dates(run: DagRun) -> DagRun:
    names = (
        "logical_date",
        "data_interval_start",
        "data_interval_end",
        "run_after",
        "start_date",
        "queued_at",
    )
    return replace(run, **{name: as_pendulum(getattr(run, name)) for name in names})


def as_pendulum(moment: datetime | None) -> Any:
    """Return an instant with the methods of pendulum, where that is installed."""
    pendulum = _pendulum()
    return pendulum.instance(moment) if pendulum and moment is not None else moment


@cache
def _pendulum() -> Any:
    return importlib.import_module("pendulum") if importlib.util.find_spec("pendulum") else None


def _neighbours(dag: DAG, run: RunInfo, moment: datetime) -> dict[str, Callable[[], Any]]:
    sides = {"next": _next_of, "prev": _previous_of}
    late: dict[str, Callable[[], Any]] = {}
    for side, find in sides.items():
        found = partial(_found, find, dag, run, moment)
        late[f"{side}_execution_date"] = found
        late[f"{side}_ds"] = partial(_written, found, "%Y-%m-%d")
        late[f"{side}_ds_nodash"] = partial(_written, found, "%Y%m%d")
    return late


def _found(find: Callable[[DAG, datetime], datetime | None], dag: DAG, run: RunInfo, moment: datetime) -> Any:
    """Return the neighbour; a run by hand has none but itself, as in Airflow 2."""
    return moment if run.run_type == "manual" else as_pendulum(find(dag, moment))


def _written(found: Callable[[], datetime | None], form: str) -> str | None:
    moment = found()
    return None if moment is None else moment.strftime(form)


def _next_of(dag: DAG, moment: datetime) -> datetime | None:
    schedule = dag.timetable.to_spec()
    if schedule.delta_s is not None:
        return moment + timedelta(seconds=schedule.delta_s)
    if schedule.cron is None:
        return None
    found: datetime | None = _cron(schedule.cron, dag).next_after(moment)
    return found


def _previous_of(dag: DAG, moment: datetime) -> datetime | None:
    schedule = dag.timetable.to_spec()
    if schedule.delta_s is not None:
        return moment - timedelta(seconds=schedule.delta_s)
    if schedule.cron is None:
        return None
    found: datetime | None = _cron(schedule.cron, dag).last_before(moment)
    return found


def _cron(expression: str, dag: DAG) -> Any:
    # By name: few templates ask, and croniter takes long to load.
    return importlib.import_module("scheduler.core.cron").read_cron(expression, dag.timezone)
