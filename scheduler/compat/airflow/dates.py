"""The names that Airflow's templates and functions know beside Dirigent's: dates around the logical date, mostly.

Instants are pendulum's where pendulum is installed, as files rely on its methods. The run before and the run after are
worked out when they are asked for, since that loads croniter.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, ItemsView, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from scheduler.sdk.instance import DagRun

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.wire import RunInfo

_SUCCESS_BEFORE: Final = (
    "prev_data_interval_start_success",
    "prev_data_interval_end_success",
    "prev_execution_date_success",
    "prev_start_date_success",
    "prev_end_date_success",
)
_NEIGHBOURS: Final = (
    "next_execution_date",
    "next_ds",
    "next_ds_nodash",
    "prev_execution_date",
    "prev_ds",
    "prev_ds_nodash",
)
_OTHERS: Final = (
    *("END_DATE", "end_date", "execution_date", "latest_date", "task_reschedule_count", "tomorrow_ds_nodash"),
    *("triggering_dataset_events", "yesterday_ds_nodash"),
)
#: Every name that is added.
CONTEXT_NAMES: Final = frozenset({*_SUCCESS_BEFORE, *_NEIGHBOURS, *_OTHERS})


class LateContext(dict[str, Any]):
    """A context some of whose values are worked out when they are asked for."""

    def __init__(self, known: Mapping[str, Any], late: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__(known)
        self.late = dict(late)

    def __missing__(self, name: str) -> Any:
        if name not in self.late:
            raise KeyError(name)
        self[name] = value = self.late[name]()
        return value

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.late

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # narrower than dict's own
        """Work out all values: whoever asks for them all may use any."""
        for name in self.late:
            self[name]
        return super().items()

    def __or__(self, others: Mapping[str, Any]) -> LateContext:  # type: ignore[override]
        return LateContext({**dict(self), **others}, self.late)


def dated(dag: DAG, run: RunInfo, context: Mapping[str, Any]) -> LateContext:
    """Return the context with all of Airflow's names."""
    dag_run = _with_dates(context["dag_run"])
    moment = dag_run.logical_date or dag_run.run_after
    day = timedelta(days=1)
    if "ti" in context:
        context["ti"].dag_run = dag_run
    known = {
        **context,
        **dict.fromkeys(_SUCCESS_BEFORE),
        "dag_run": dag_run,
        "execution_date": moment,
        "logical_date": dag_run.logical_date,
        "data_interval_start": dag_run.data_interval_start,
        "data_interval_end": dag_run.data_interval_end,
        "yesterday_ds_nodash": f"{moment - day:%Y%m%d}",
        "tomorrow_ds_nodash": f"{moment + day:%Y%m%d}",
        **dict.fromkeys(("end_date", "END_DATE", "latest_date"), f"{moment:%Y-%m-%d}"),
        "triggering_dataset_events": context.get("triggering_asset_events", {}),
        "task_reschedule_count": 0,
        **dag.user_defined_macros,
    }
    return LateContext(known, _neighbours(dag, run, moment))


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
