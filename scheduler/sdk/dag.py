"""DAG: a named graph of tasks and when it runs."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, tzinfo
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, cast, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler.errors import BadDag, BadSchedule, DagCycle, DuplicateTask
from scheduler.sdk import dialect, scope
from scheduler.sdk.alerts import read_alerts
from scheduler.sdk.arguments import (
    bad_argument,
    read_callbacks,
    read_count,
    read_default_args,
    read_flag,
    read_instant,
    read_limit,
    read_optional_flag,
    read_text,
    read_word,
    refuse_unknown,
)
from scheduler.sdk.arrows import Arrow, Edges, find_cycle, resolve
from scheduler.sdk.dag_arguments import DagArguments
from scheduler.sdk.edges import Node
from scheduler.sdk.group import RootGroup, TaskGroup
from scheduler.sdk.ids import check_id
from scheduler.sdk.location import author_file, author_line, imported_file
from scheduler.sdk.params import DagParam, Param, read_params
from scheduler.sdk.results import XComArg, returns_result
from scheduler.sdk.schedule import Rhythm, read_schedule
from scheduler.sdk.views import DagViews

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.dag_arguments import AirflowTestArguments
    from scheduler.sdk.deadlines import DeadlineAlert
    from scheduler.sdk.operator import BaseOperator
    from scheduler.testing.result import RunResult
    from scheduler.testing.simulation.record import Simulation

_P = ParamSpec("_P")


class DAG(DagViews):
    """A graph of tasks: `with DAG("orders", schedule="@daily", start_date=...):` declares the tasks inside
    it.

    Times without a zone are refused. `timezone`, if not given, is that of `start_date` or of the timetable,
    else UTC.
    """

    def __init__(self, dag_id: str, **arguments: Unpack[DagArguments]) -> None:
        given = cast("dict[str, Any]", arguments)
        spoken = dialect.current()
        if spoken:
            given = spoken.dag_arguments(given)
        refuse_unknown("DAG", set(given) - DagArguments.__optional_keys__, DagArguments.__optional_keys__)
        self.dialect = spoken
        self.dag_id = check_id("dag_id", dag_id)
        self.fileloc = imported_file() if scope.is_collecting() else author_file()
        self.default_args: dict[str, Any] = read_default_args(given.get("default_args"))
        self._read_words(given)
        self._read_times(given)
        self._read_limits(given)
        self._read_templating(given)
        self.params = read_params({**_params_of(self.default_args), **_params_of(given)})
        self.deadlines = _deadlines(given.get("deadline"))
        self.on_success_callback = read_callbacks("on_success_callback", given.get("on_success_callback"))
        self.on_failure_callback = read_callbacks("on_failure_callback", given.get("on_failure_callback"))
        self.task_dict: dict[str, BaseOperator] = {}
        self.groups: dict[str, TaskGroup] = {}
        self.task_group: TaskGroup = RootGroup(self, self.default_args)
        self.calls: Counter[str] = Counter()  #: further calls of a function, by the id of its first task
        self._arrows: list[Arrow] = []
        self._edges: Edges | None = None
        scope.declare(self)

    def _read_words(self, given: Mapping[str, Any]) -> None:
        self.description = read_text("description", given.get("description")) or ""
        self.doc_md = read_text("doc_md", given.get("doc_md"))
        self.dag_display_name = read_word("dag_display_name", given.get("dag_display_name", ""))
        self.owner = read_word("owner", given.get("owner", ""))
        self.auto_register = read_flag("auto_register", given.get("auto_register", True))
        tags = given.get("tags") or ()
        if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
            raise bad_argument("tags", tags, "give a list of strings")
        self.tags = tuple(sorted(set(tags)))
        self.alerts = read_alerts(given.get("alerts"))

    def _read_times(self, given: Mapping[str, Any]) -> None:
        self.timetable: Rhythm = read_schedule(given.get("schedule"))
        start = given.get("start_date") or self.default_args.get("start_date")
        end = given.get("end_date") or self.default_args.get("end_date")
        self.start_date: datetime | None = read_instant("start_date", start)
        self.end_date: datetime | None = read_instant("end_date", end)
        zone = given.get("timezone") or self.timetable.timezone
        self.timezone = _zone_name(zone or (self.start_date.tzinfo if self.start_date else None))
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise bad_argument("end_date", str(self.end_date), f"is before start_date {self.start_date}")

    def _read_limits(self, given: Mapping[str, Any]) -> None:
        self.catchup = read_flag("catchup", given.get("catchup", False))
        runs = given.get("max_active_runs", getattr(self.timetable, "active_runs_limit", None) or 16)
        self.max_active_runs = read_count("max_active_runs", runs, minimum=1)
        self.max_active_tasks = read_count("max_active_tasks", given.get("max_active_tasks", 16), minimum=1)
        self.max_consecutive_failed_dag_runs = read_count(
            "max_consecutive_failed_dag_runs", given.get("max_consecutive_failed_dag_runs", 0)
        )
        self.dagrun_timeout = read_limit("dagrun_timeout", given.get("dagrun_timeout"))
        self.fail_fast = read_flag("fail_fast", given.get("fail_fast", False))
        self.is_paused_upon_creation = read_optional_flag(
            "is_paused_upon_creation", given.get("is_paused_upon_creation")
        )

    def _read_templating(self, given: Mapping[str, Any]) -> None:
        searched = given.get("template_searchpath") or ()
        self.template_searchpath = (searched,) if isinstance(searched, str) else tuple(searched)
        self.template_undefined: type | None = given.get("template_undefined")
        self.user_defined_macros: dict[str, Any] = dict(given.get("user_defined_macros") or {})
        self.user_defined_filters: dict[str, Any] = dict(given.get("user_defined_filters") or {})
        self.jinja_environment_kwargs: dict[str, Any] = dict(given.get("jinja_environment_kwargs") or {})
        self.render_template_as_native_obj = read_flag(
            "render_template_as_native_obj", given.get("render_template_as_native_obj", False)
        )

    def add_task(self, task: BaseOperator) -> None:
        """Add a task that was made outside; inside `with dag:` this happens by itself."""
        if task.dag not in (None, self):
            raise BadDag(
                f"{author_line()}: {task!r} belongs to another DAG; each DAG needs a task of its own."
            )
        if task.task_id in self.task_dict or task.task_id in self.groups:
            raise DuplicateTask(self.dag_id, task.task_id)
        if task.task_group is None:
            task.dag, task.task_group = self, self.task_group
        self.task_dict[task.task_id] = task
        task.task_group.children.append(task)
        self._edges = None

    def add_group(self, group: TaskGroup) -> None:
        """Add a task group; TaskGroup does this itself."""
        if group.group_id in self.groups or group.group_id in self.task_dict:
            raise BadDag(
                f"{author_line()}: DAG {self.dag_id!r} has two groups or tasks named {group.group_id!r}."
            )
        self.groups[group.group_id] = group
        if group.parent:
            group.parent.children.append(group)

    def add_result(self, result: XComArg[Any]) -> XComArg[Any]:
        """Let a run return what this task returns; `@result` and `return` in a function under `@dag` do this."""
        if not returns_result(result):
            raise BadDag(
                f"{author_line()}: {result!r} cannot be what a run returns; give the whole result of one task."
            )
        result.operator.returns_dag_result = True
        return result

    def add_arrow(self, before: Node, after: Node, label: str = "") -> None:
        """Let `after` wait for `before`; `>>` does this."""
        for node in (before, after):
            if node.dag is None:
                self.add_task(cast("BaseOperator", node))
        self._arrows.append(Arrow(before, after, label))
        self._edges = None

    @property
    def edges(self) -> Edges:
        """Direct neighbours of every task, arrows at groups resolved."""
        if self._edges is None:
            self._edges = resolve(self._arrows)
        return self._edges

    def upstream_of(self, task_id: str) -> frozenset[str]:
        """Return the full ids of the tasks that this one waits for."""
        return frozenset(self.edges.upstream.get(task_id, ()))

    def downstream_of(self, task_id: str) -> frozenset[str]:
        """Return the full ids of the tasks that wait for this one."""
        return frozenset(self.edges.downstream.get(task_id, ()))

    def check_cycle(self) -> None:
        """Raise DagCycle that names the tasks of a circle, if there is one."""
        circle = find_cycle(self.task_dict, self.edges.downstream)
        if circle:
            raise DagCycle(self.dag_id, circle)

    @property
    def tasks(self) -> list[BaseOperator]:
        """All tasks, in the order of their declaration."""
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        """Full ids of all tasks, in the order of their declaration."""
        return list(self.task_dict)

    def get_task(self, task_id: str) -> BaseOperator:
        """Return a task by its full id; raise BadDag where there is none."""
        if task_id not in self.task_dict:
            raise BadDag(f"DAG {self.dag_id!r} has no task {task_id!r}.")
        return self.task_dict[task_id]

    @property
    def folder(self) -> Path:
        """Folder of the DAG file; template files are looked for here first."""
        return Path(self.fileloc).parent

    def test(
        self,
        *,
        run_conf: Mapping[str, Any] | None = None,
        logical_date: datetime | None = None,
        variables: Mapping[str, Any] | None = None,
        connections: Mapping[str, Any] | None = None,
        mocks: Mapping[str, Any] | None = None,
        fail: Mapping[str, int | Collection[int]] | None = None,
        answers: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        only: Collection[str] | None = None,
        xcoms: Mapping[str, Any] | None = None,
        **airflow: Unpack[AirflowTestArguments],
    ) -> RunResult:
        """Run the whole DAG in this process, without a server or a database, and return what came of it.

        Nothing sleeps: retries, sensors and deferred tasks put the run's clock forward. `mocks` says by task_id what
        a task returns, raises (an exception) or calls (a function) in place of its work; `fail` how many of its first
        tries fail, or which; `answers` what people answer it: an option, a list, or a dict of `chosen_options`
        and `params_input`, else the defaults of the question. With `now` the run begins at that instant and its clock
        moves by such waits alone. `only` these tasks run: the others count as successes that returned what `xcoms`
        says. `airflow`: what Airflow's own takes beside these, such as files of variables and of connections.
        Raises BadParams where `run_conf` breaks the params, BadDag for tasks that there are not.
        """
        if scope.is_collecting():
            raise BadDag(
                f'{author_line()}: put dag.test() under `if __name__ == "__main__":`, or it runs at each load.'
            )
        # By name: the runner stands above this layer and loads networkx, which no parse should pay for.
        runner = importlib.import_module("scheduler.testing.run")
        result = runner.run_dag(
            self,
            conf=run_conf,
            logical_date=logical_date,
            variables=variables,
            connections=connections,
            mocks=mocks,
            fail=fail,
            answers=answers,
            now=now,
            only=only,
            xcoms=xcoms,
            airflow=airflow,
        )
        return cast("RunResult", result)

    def simulate(self, start: datetime, end: datetime, **assumed: Any) -> Simulation:
        """Return the runs that its schedule makes from `start` and before `end`, without running any task's code.

        Assumed are `durations` and `fail` of tasks by task_id, `default_duration`, `lengths` of what is mapped over,
        `pools`, and `slots` of all workers: see `scheduler.testing.simulation`.
        """
        simulation = importlib.import_module("scheduler.testing.simulation")
        return cast("Simulation", simulation.simulate(self, start, end, **assumed))

    def __enter__(self) -> DAG:
        scope.enter(self.task_group)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scope.leave()

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"


def _deadlines(value: object) -> tuple[DeadlineAlert, ...]:
    if value is None:
        return ()
    # By name: few DAGs have any, and every process of tasks would carry it.
    module = importlib.import_module("scheduler.sdk.deadlines")
    return cast("tuple[DeadlineAlert, ...]", module.read_deadlines(value))


def _params_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return dict(read_params(arguments.get("params")))


def _zone_name(zone: str | tzinfo | None) -> str:
    """Return the IANA name; zones that have none, such as a fixed offset, count as UTC."""
    name = (
        zone if isinstance(zone, str) else getattr(zone, "key", None) or getattr(zone, "name", None) or "UTC"
    )
    try:
        return ZoneInfo(str(name)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule(
            f"{author_line()}: timezone={name!r} is unknown; give a name such as 'Europe/Berlin' or 'UTC'."
        ) from None


#: Marks a function under `@dag` that could be called as it stands.
DECLARES: Final = "__declares_dag__"


@overload
def dag(function: Callable[_P, Any], /) -> Callable[_P, DAG]: ...


@overload
def dag(
    dag_id: str = "", /, **arguments: Unpack[DagArguments]
) -> Callable[[Callable[_P, Any]], Callable[_P, DAG]]: ...


@overload
def dag(
    *, dag_id: str = "", **arguments: Unpack[DagArguments]
) -> Callable[[Callable[_P, Any]], Callable[_P, DAG]]: ...


def dag(target: Any = "", /, *, dag_id: str = "", **arguments: Any) -> Any:
    """Make a function that declares tasks into a DAG; calling it makes the DAG. Its arguments become "
    "params."""
    if callable(target):
        return _declaring(target, "", arguments)
    return lambda function: _declaring(function, target or dag_id, arguments)


def _declaring(function: Callable[..., Any], dag_id: str, arguments: Mapping[str, Any]) -> Callable[..., DAG]:
    signature = inspect.signature(function)

    @wraps(function)
    def declare(*args: Any, **kwargs: Any) -> DAG:
        settings = {"doc_md": function.__doc__, **arguments}
        given = signature.bind_partial(*args, **kwargs).arguments
        with DAG(dag_id or function.__name__, **settings) as declared:
            made = function(
                **{each.name: _param(declared, each, given) for each in signature.parameters.values()}
            )
            if returns_result(made):
                declared.add_result(made)
        return declared

    vars(declare)[DECLARES] = all(each.default is not each.empty for each in signature.parameters.values())
    return declare


def _param(declared: DAG, parameter: inspect.Parameter, given: Mapping[str, Any]) -> DagParam:
    default = given.get(parameter.name, parameter.default)
    if parameter.name not in declared.params:
        known = default is not parameter.empty
        declared.params[parameter.name] = (
            default if isinstance(default, Param) else Param(default) if known else Param()
        )
    return DagParam(parameter.name)
