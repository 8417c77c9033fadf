"""The arguments that every operator takes: their types, their defaults, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypedDict

from scheduler.sdk.arguments import (
    Callbacks,
    bad_argument,
    read_callbacks,
    read_choice,
    read_count,
    read_duration,
    read_flag,
    read_instant,
    read_limit,
    read_name,
    read_optional_count,
    read_optional_flag,
    read_text,
    read_word,
)
from scheduler.sdk.isolation import (
    IsolationMode,
    read_cores,
    read_cpu_time,
    read_interpreter,
    read_memory,
    read_mode,
    read_user,
)
from scheduler.sdk.rules import TriggerRule, WeightRule

if TYPE_CHECKING:
    from pathlib import Path

    from scheduler.sdk.assets import AssetLike
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.group import TaskGroup
    from scheduler.sdk.loops import Loop
    from scheduler.sdk.priorities import PriorityWeightStrategy
    from scheduler.sdk.retry_policy import RetryPolicy


class TaskArguments(TypedDict, total=False):
    """Keyword arguments of every operator and of `@task`. Durations: a timedelta, or a number of seconds."""

    dag: DAG | None
    task_group: TaskGroup | None
    default_args: Mapping[str, Any]
    owner: str
    retries: int
    retry_delay: timedelta | float
    retry_exponential_backoff: bool | float
    max_retry_delay: timedelta | float | None
    retry_jitter: float
    retry_policy: RetryPolicy | None
    execution_timeout: timedelta | float | None
    start_date: datetime | str | None
    end_date: datetime | str | None
    trigger_rule: TriggerRule | str
    depends_on_past: bool
    wait_for_downstream: bool
    priority_weight: int
    weight_rule: WeightRule | PriorityWeightStrategy | type[PriorityWeightStrategy] | str
    queue: str
    pool: str
    pool_slots: int
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    isolation: IsolationMode | str | None
    python: str | Path | None
    run_as_user: str | None
    memory_limit: int | str | None
    cpu_limit: float | None
    cpu_time_limit: timedelta | float | None
    params: Mapping[str, Any]
    do_xcom_push: bool
    multiple_outputs: bool
    on_execute_callback: Callbacks
    on_success_callback: Callbacks
    on_failure_callback: Callbacks
    on_retry_callback: Callbacks
    on_skipped_callback: Callbacks
    pre_execute: Callable[[Any], Any] | None
    post_execute: Callable[[Any, Any], Any] | None
    render_template_as_native_obj: bool | None
    map_index_template: str | None
    loop: Loop | None
    task_display_name: str
    logger_name: str | None
    inlets: AssetLike | Sequence[AssetLike]
    outlets: AssetLike | Sequence[AssetLike]
    doc: str | None
    doc_md: str | None
    doc_json: str | None
    doc_yaml: str | None
    doc_rst: str | None


#: These place the task in a graph; they are not kept on it as they are given.
PLACING: Final = frozenset({"dag", "task_group", "default_args"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its default as it is kept, and how a given value is read."""

    default: Any
    read: Callable[[str, Any], Any]


def _read_retry_delay(name: str, value: object) -> timedelta:
    delay = read_duration(name, value)
    if delay is None:
        raise bad_argument(name, value, "give a timedelta, or a number of seconds")
    return delay


def _read_backoff(name: str, value: object) -> float:
    """True doubles the delay from try to try; a number is the factor itself; False and 0 keep it constant."""
    if isinstance(value, bool):
        return 2.0 if value else 0.0
    if not isinstance(value, int | float) or not (value == 0 or value >= 1):
        raise bad_argument(name, value, "give True, False, or a factor of at least 1")
    return float(value)


def _read_fraction(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise bad_argument(name, value, "give a fraction from 0 to 1")
    return float(value)


def _read_weight_rule(name: str, value: object) -> Any:
    if isinstance(value, str) and "." not in value:
        return read_choice(name, value, WeightRule)
    # By name: few files have a rule of their own.
    return import_module("scheduler.sdk.priorities").read_strategy(name, value)


def _read_weight(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_argument(name, value, "give a whole number")
    return value


def _read_mapping(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise bad_argument(name, value, "give a dict")
    return dict(value)


def _read_function(name: str, value: object) -> object:
    if value is not None and not callable(value):
        raise bad_argument(name, value, "give a function")
    return value


def _read_policy(name: str, value: object) -> object:
    if value is not None and not callable(getattr(value, "evaluate", None)):
        raise bad_argument(name, value, "give a RetryPolicy, such as ExceptionRetryPolicy(rules=[...])")
    return value


def _read_assets(name: str, value: Any) -> tuple[AssetLike, ...]:
    # By name: few tasks have any.
    read: Callable[[str, Any], tuple[AssetLike, ...]] = import_module("scheduler.sdk.assets").read_assets
    return read(name, value) if value else ()


def _read_loop(name: str, value: object) -> object:
    if value is not None and not hasattr(value, "max_iterations"):
        raise bad_argument(name, value, "give Loop(until=..., max_iterations=...), or use @task.loop")
    return value


_positive = partial(read_count, minimum=1)

ARGUMENTS: Final[Mapping[str, Argument]] = {
    "owner": Argument("", read_word),
    "retries": Argument(0, read_count),
    "retry_delay": Argument(timedelta(minutes=5), _read_retry_delay),
    "retry_exponential_backoff": Argument(0.0, _read_backoff),
    "max_retry_delay": Argument(None, read_duration),
    "retry_jitter": Argument(0.0, _read_fraction),
    "retry_policy": Argument(None, _read_policy),
    "execution_timeout": Argument(None, read_limit),
    "start_date": Argument(None, read_instant),
    "end_date": Argument(None, read_instant),
    "trigger_rule": Argument(TriggerRule.ALL_SUCCESS, partial(read_choice, choices=TriggerRule)),
    "depends_on_past": Argument(False, read_flag),
    "wait_for_downstream": Argument(False, read_flag),
    "priority_weight": Argument(1, _read_weight),
    "weight_rule": Argument(WeightRule.DOWNSTREAM, _read_weight_rule),
    "queue": Argument("default", read_name),
    "pool": Argument("default_pool", read_name),
    "pool_slots": Argument(1, _positive),
    "max_active_tis_per_dag": Argument(None, read_optional_count),
    "max_active_tis_per_dagrun": Argument(None, read_optional_count),
    "isolation": Argument(None, read_mode),
    "python": Argument(None, read_interpreter),
    "run_as_user": Argument(None, read_user),
    "memory_limit": Argument(None, read_memory),
    "cpu_limit": Argument(None, read_cores),
    "cpu_time_limit": Argument(None, read_cpu_time),
    "params": Argument({}, _read_mapping),
    "do_xcom_push": Argument(True, read_flag),
    "multiple_outputs": Argument(False, read_flag),
    "on_execute_callback": Argument((), read_callbacks),
    "on_success_callback": Argument((), read_callbacks),
    "on_failure_callback": Argument((), read_callbacks),
    "on_retry_callback": Argument((), read_callbacks),
    "on_skipped_callback": Argument((), read_callbacks),
    "pre_execute": Argument(None, _read_function),
    "post_execute": Argument(None, _read_function),
    "render_template_as_native_obj": Argument(None, read_optional_flag),
    "map_index_template": Argument(None, read_text),
    "loop": Argument(None, _read_loop),
    "task_display_name": Argument("", read_word),
    "logger_name": Argument(None, read_text),
    "inlets": Argument((), _read_assets),
    "outlets": Argument((), _read_assets),
    "doc": Argument(None, read_text),
    "doc_md": Argument(None, read_text),
    "doc_json": Argument(None, read_text),
    "doc_yaml": Argument(None, read_text),
    "doc_rst": Argument(None, read_text),
}

#: Names of the arguments that every operator takes.
KNOWN_TO_ALL: Final = frozenset(ARGUMENTS) | PLACING

DEFAULTS: Final[Mapping[str, Any]] = {name: argument.default for name, argument in ARGUMENTS.items()}


def read_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was given; raises BadDag or NaiveDate for the first value that cannot work."""
    return {name: ARGUMENTS[name].read(name, value) for name, value in given.items()}
