"""What running user code sees: the current attempt, and its context with Airflow's names."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from scheduler.clock import Clock, SystemClock
from scheduler.errors import BadDag, DirigentError
from scheduler.sdk import macros
from scheduler.sdk.channel import Channel
from scheduler.sdk.instance import TaskInstance, dag_run_of
from scheduler.sdk.late_values import LateValue
from scheduler.sdk.params import read_params
from scheduler.wire import RunInfo

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.operator import BaseOperator

#: Names to values, as templates and `execute(context)` take them.
Context = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """The attempt that this process is running."""

    context: Context
    channel: Channel
    clock: Clock


#: The innermost last. Of the whole process, so that threads of user code find it too.
_running: Final[list[Attempt]] = []


@contextmanager
def running(attempt: Attempt) -> Iterator[None]:
    """Make an attempt the current one."""
    _running.append(attempt)
    try:
        yield
    finally:
        _running.remove(attempt)


def current_attempt() -> Attempt | None:
    """Return the attempt that this process runs, or None while a file is loaded."""
    return _running[-1] if _running else None


def current_channel(what: str) -> Channel:
    """Return the way to the supervisor; `what` names what was asked for in the error outside a task."""
    attempt = current_attempt()
    if attempt is None:
        raise DirigentError(f"{what} can be used in a running task only.")
    return attempt.channel


def current_clock() -> Clock:
    """Return the clock of the attempt that runs; outside of one, that of this machine."""
    attempt = current_attempt()
    return attempt.clock if attempt else SystemClock()


def get_current_context() -> Context:
    """Return the context of the task that is running; raises DirigentError outside a task."""
    attempt = current_attempt()
    if attempt is None:
        raise DirigentError(
            "get_current_context() can be called in a running task only, not while a DAG file is loaded."
        )
    return attempt.context


def publish_artifact(name: str, data: bytes | str, media_type: str = "") -> None:
    """Keep a document (a report, a chart) with the running task, for the page to show. At most 5 MB.

    Without `media_type` the ending of the name decides: .html, .svg, .png, .csv, .json, .md, .txt.
    """
    kind = media_type or _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    content = data.encode() if isinstance(data, str) else data
    current_channel("publish_artifact()").publish_artifact(name, kind, content)


_MEDIA_TYPES: Final = {
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "csv": "text/csv",
    "json": "application/json",
    "md": "text/markdown",
    "txt": "text/plain",
    "pdf": "application/pdf",
}


class LateContext(dict[str, Any]):
    """A context some of whose values are worked out when they are wanted, and some asked of the server then."""

    def __init__(
        self,
        known: Mapping[str, Any],
        late: Mapping[str, Callable[[], Any]],
        asked: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
    ) -> None:
        super().__init__(known)
        self._worked_out = late
        self.asked = asked

    @property
    def late(self) -> tuple[str, ...]:
        """The names of values that may not be there yet."""
        return (*self._worked_out, *self.asked)

    def __missing__(self, name: str) -> Any:
        find = self._worked_out.get(name) or self.asked.get(name)
        if find is None:
            raise KeyError(name)
        self[name] = value = find()
        return value

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._worked_out or name in self.asked

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # narrower than dict's own
        """Return all values; those that are to be asked for stand in it as what asks when it is used."""
        for name in self._worked_out:
            self[name]
        return ({name: LateValue(find) for name, find in self.asked.items()} | dict(self)).items()

    def __or__(self, others: Mapping[str, Any]) -> LateContext:  # type: ignore[override]
        return LateContext({**dict(self), **others}, self._worked_out, self.asked)


def run_context(dag: DAG, run: RunInfo, reason: str = "") -> Context:
    """Return what is known without a task: the context of a DAG's callbacks."""
    dag_run = dag_run_of(run)
    return {
        "dag": dag,
        "dag_run": dag_run,
        "run_id": run.run_id,
        "conf": dag_run.conf,
        "params": {
            **{name: each.default for name, each in dag.params.items() if each.has_default},
            **run.params,
        },
        "logical_date": dag_run.logical_date,
        "data_interval_start": dag_run.data_interval_start,
        "data_interval_end": dag_run.data_interval_end,
        "partition_key": dag_run.partition_key,
        "partition_date": dag_run.partition_date,
        "macros": macros,
        "reason": reason,
        "test_mode": False,
        **_dates(dag_run.logical_date or dag_run.run_after),
        **dag.user_defined_macros,
    }


def task_context(
    dag: DAG, task: BaseOperator, instance: TaskInstance, run: RunInfo, reason: str = ""
) -> LateContext:
    """Return the context of a task."""
    context = run_context(dag, run, reason)
    own = {name: each.default for name, each in read_params(task.params).items() if each.has_default}
    given = {name: value for name, value in context["conf"].items() if name in own}
    context["params"] = context["params"] | own | given
    whole = context | {
        "task": task,
        "ti": instance,
        "task_instance": instance,
        "task_instance_key_str": f"{instance.dag_id}__{instance.task_id}__{context['ds_nodash']}",
        "try_number": instance.try_number,
        "map_index_template": task.map_index_template,
        "inlets": list(task.inlets),
        "outlets": list(task.outlets),
        **_events_of_assets(task, instance, run.run_type),
    }
    return LateContext(whole, {}, {name: partial(_look_back, name, instance) for name in LOOKED_BACK})


#: What is asked for when it is used: of the last run that ended well, and of the task itself.
LOOKED_BACK: Final = (
    "expanded_ti_count",
    "prev_data_interval_end_success",
    "prev_data_interval_start_success",
    "prev_end_date_success",
    "prev_start_date_success",
    "task_reschedule_count",
)


def _look_back(name: str, instance: TaskInstance) -> Any:
    # By name: few tasks ask.
    return import_module("scheduler.sdk.looking_back").find(name, instance)


class _NoAssets(dict[Any, Any]):
    """The events of assets for a task that has to do with none."""

    def __missing__(self, key: Any) -> NoReturn:
        raise BadDag(
            f"This task has to do with no asset, and so not with {key!r}; name it in its outlets= or inlets=."
        )

    def for_asset(self, *, name: str = "", uri: str = "") -> NoReturn:
        """Say that there is none."""
        self.__missing__(name or uri)

    def for_asset_alias(self, *, name: str) -> NoReturn:
        """Say that there is none."""
        self.__missing__(name)


_NO_ASSETS: Final = _NoAssets()


def _events_of_assets(task: BaseOperator, instance: TaskInstance, run_type: str) -> Mapping[str, Any]:
    if not (task.inlets or task.outlets or run_type == "asset_triggered"):
        return dict.fromkeys(("inlet_events", "outlet_events", "triggering_asset_events"), _NO_ASSETS)
    # By name: only who deals with assets pays for it.
    module = import_module("scheduler.sdk.asset_events")
    found: Mapping[str, Any] = module.context_of(task, instance.channel, run_type)
    return found


#: Every name that a task's context holds; a function that takes one of them need not be given it.
CONTEXT_NAMES: Final = frozenset(
    {
        *("conf", "conn", "dag", "dag_run", "data_interval_end", "data_interval_start", "ds", "ds_nodash"),
        *(
            "exception",
            "inlet_events",
            "inlets",
            "logical_date",
            "macros",
            "map_index_template",
            "outlet_events",
            "outlets",
        ),
        *("params", "reason", "run_id", "task", "task_instance", "task_instance_key_str", "templates_dict"),
        *("test_mode", "ti", "tomorrow_ds", "try_number", "ts", "ts_nodash", "ts_nodash_with_tz", "var"),
        *(
            "asset_state_store",
            "partition_date",
            "partition_key",
            "task_state_store",
            "triggering_asset_events",
            "yesterday_ds",
        ),
        *LOOKED_BACK,
    }
)


#: What the iterations of a loop find besides.
LOOP_NAMES: Final = frozenset({"iteration", "last_value"})


def _dates(moment: datetime) -> Mapping[str, Any]:
    """The texts made of the logical date; for runs without one, of the instant they are due."""
    return {
        "ds": moment.strftime("%Y-%m-%d"),
        "ds_nodash": moment.strftime("%Y%m%d"),
        "ts": moment.isoformat(),
        "ts_nodash": moment.strftime("%Y%m%dT%H%M%S"),
        "ts_nodash_with_tz": moment.isoformat().replace("-", "").replace(":", ""),
        "yesterday_ds": (moment - timedelta(days=1)).strftime("%Y-%m-%d"),
        "tomorrow_ds": (moment + timedelta(days=1)).strftime("%Y-%m-%d"),
    }
