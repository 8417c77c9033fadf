"""The dialect in which a file that imports `airflow` is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from scheduler.compat.airflow import arguments
from scheduler.compat.airflow.dates import CONTEXT_NAMES, as_pendulum, dated
from scheduler.compat.airflow.old_forms import warn_of
from scheduler.compat.airflow.schedules import read_new_schedule, read_old_schedule
from scheduler.sdk.arguments import read_instant
from scheduler.sdk.dag_arguments import DagArguments

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.wire import RunInfo

_DAG: Final = DagArguments.__optional_keys__


class Reader:
    """Implements `sdk.dialect.Dialect`."""

    name = "airflow"
    context_names = CONTEXT_NAMES

    def dag_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return them under Dirigent's names, with the schedule that they mean."""
        read = arguments.dag_arguments(given, _DAG | {"schedule_interval"})
        read["default_args"] = arguments.default_args(read.get("default_args", {}))
        start = read.get("start_date") or read["default_args"].get("start_date")
        first = read_instant("start_date", start)
        old = read.pop("schedule_interval", None)
        if old is not None:
            read["schedule"] = read_old_schedule(old, first)
        elif "schedule" in read:
            read["schedule"] = read_new_schedule(read["schedule"], first)
        return read

    def group_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is not passed over."""
        return arguments.group_arguments(given)

    def task_arguments(self, given: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
        """Return them under Dirigent's names."""
        return arguments.task_arguments(given, known)

    def instant(self, name: str, moment: datetime) -> datetime:
        """Take a date without a zone as UTC, as Airflow does."""
        warn_of(name, f"{moment} has no time zone and is taken as UTC; write datetime(..., tzinfo=UTC)")
        return moment.replace(tzinfo=UTC)

    def moment(self, moment: datetime) -> datetime:
        """Return an instant with the methods of pendulum, where that is installed."""
        found: datetime = as_pendulum(moment)
        return found

    def context(self, dag: DAG, run: RunInfo, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the context with Airflow's further names."""
        return dated(dag, run, context)


READER: Final = Reader()
