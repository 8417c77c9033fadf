"""BaseOperator: what all tasks are made of."""

from __future__ import annotations

import inspect
import logging
from abc import ABCMeta
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property, wraps
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar
from zoneinfo import ZoneInfo

from scheduler.errors import BadDag
from scheduler.sdk import dialect, frames, scope
from scheduler.sdk.arguments import Callback, read_default_args, refuse_unknown
from scheduler.sdk.edges import Node
from scheduler.sdk.ids import check_id
from scheduler.sdk.isolation import IsolationMode, check_together
from scheduler.sdk.location import author_line
from scheduler.sdk.results import XComArg, results_in
from scheduler.sdk.signals import FAILED_WAIT, TaskDeferred, Waits, fail_of_wait
from scheduler.sdk.task_arguments import ARGUMENTS, DEFAULTS, PLACING, TaskArguments, read_arguments
from scheduler.sdk.views import TaskViews

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.assets import AssetLike
    from scheduler.sdk.context import Context
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.deferral import StartTriggerArgs
    from scheduler.sdk.expansion import Expansion
    from scheduler.sdk.group import TaskGroup
    from scheduler.sdk.loops import Loop
    from scheduler.sdk.mapping import Partial
    from scheduler.sdk.retry_policy import RetryPolicy

_T = TypeVar("_T")
_MAPPING = "scheduler.sdk.mapping"
_NAMES = frozenset(ARGUMENTS) | PLACING | {"task_id"}


class OperatorMeta(ABCMeta):
    """Knows the default arguments before `__init__` runs, and places the task in its DAG after it."""

    def __call__(cls: type[_T], *args: Any, **kwargs: Any) -> _T:
        """Make a task. Whatever `__init__` does, and in whatever order, its class needs no decorator."""
        group = _group_of(kwargs)
        task = cls.__new__(cls)
        assert isinstance(task, BaseOperator)
        task._inherited = {
            **(group.default_args if group else {}),
            **read_default_args(kwargs.get("default_args")),
        }
        task.task_group = group
        task.dag = group.dag if group else None
        type(task).__init__(task, *args, **kwargs)
        if "task_id" not in vars(task):
            raise BadDag(
                f"{author_line()}: {cls.__name__}.__init__ does not call super().__init__(**kwargs)."
            )
        task.join_dag()
        return task


def _group_of(arguments: Mapping[str, Any]) -> TaskGroup | None:
    group: TaskGroup | None = arguments.get("task_group")
    dag: DAG | None = arguments.get("dag")
    opened = scope.open_group()
    if group is None and dag is not None:
        return opened if opened is not None and opened.dag is dag else dag.task_group
    return group or opened


class BaseOperator(TaskViews, Node, metaclass=OperatorMeta):
    """A task: subclass it and override `execute`.

    `template_fields` names the attributes that are rendered with Jinja before `execute`; a value in one of
    them that ends with one of `template_ext` is the name of a template file. Arguments that `__init__` of a
    subclass names are filled from `default_args` like all others.
    """

    template_fields: Sequence[str] = ()
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[Mapping[str, str]] = {}
    #: Of which asset it is a check, and whether that withholds it.
    check: dict[str, Any] | None = None
    #: What it is mapped over.
    expansion: Expansion | None = None
    #: Texts that are no templates though they stand in template fields, by id: values that other tasks returned.
    verbatim: Container[int] = ()
    #: The arguments of this instance, where it is mapped.
    mapped_arguments: Mapping[str, Any] | None = None

    #: Whether each try begins by waiting for the trigger of `start_trigger_args`, instead of with `execute`.
    start_from_trigger: bool = False
    start_trigger_args: StartTriggerArgs | None = None

    task_group: TaskGroup | None
    _inherited: Mapping[str, Any]
    owner: str
    retries: int
    retry_delay: timedelta
    retry_exponential_backoff: float
    max_retry_delay: timedelta | None
    retry_jitter: float
    retry_policy: RetryPolicy | None
    execution_timeout: timedelta | None
    start_date: datetime | None
    end_date: datetime | None
    trigger_rule: str
    depends_on_past: bool
    wait_for_downstream: bool
    priority_weight: int
    weight_rule: Any  #: a WeightRule, or what has `get_weight`
    queue: str
    pool: str
    pool_slots: int
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    isolation: IsolationMode | None
    python: str | None
    run_as_user: str | None
    memory_limit: int | None
    cpu_limit: float | None
    cpu_time_limit: timedelta | None
    params: dict[str, Any]
    do_xcom_push: bool
    multiple_outputs: bool
    on_execute_callback: tuple[Callback, ...]
    on_success_callback: tuple[Callback, ...]
    on_failure_callback: tuple[Callback, ...]
    on_retry_callback: tuple[Callback, ...]
    on_skipped_callback: tuple[Callback, ...]
    render_template_as_native_obj: bool | None
    map_index_template: str | None
    loop: Loop | None
    task_display_name: str
    logger_name: str | None
    inlets: tuple[AssetLike, ...]  #: the assets that it reads
    outlets: tuple[AssetLike, ...]  #: the assets that have changed once it succeeded
    doc_md: str | None
    is_setup: bool = False  #: it makes what others need
    is_teardown: bool = False  #: it takes that away
    on_failure_fail_dagrun: bool = False  #: a teardown whose failure fails the run
    asks_people: bool = False  #: it may end its attempt to wait for an answer
    returns_dag_result: bool = False  #: what it returns is what the run returns

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let `default_args` fill the arguments that the subclass itself names."""
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _filling(cls.__init__)  # type: ignore[method-assign]

    def __init__(self, task_id: str, **arguments: Unpack[TaskArguments]) -> None:
        arguments = self._read_dialect(arguments)
        group = self.task_group
        self.label = check_id("task_id", task_id)
        self.task_id = check_id("task_id", group.child_id(task_id) if group else task_id)
        given = {name: value for name, value in arguments.items() if name not in PLACING}
        inherited = {
            name: value for name, value in self._inherited.items() if name in ARGUMENTS and name not in given
        }
        settings = {**DEFAULTS, **read_arguments(inherited), **read_arguments(given)}
        self._before, self._after = settings.pop("pre_execute"), settings.pop("post_execute")
        check_together(settings)
        if settings["loop"] is not None and not settings["do_xcom_push"]:
            raise BadDag(
                f"{author_line()}: a loop needs what each iteration returns; leave do_xcom_push=False out."
            )
        vars(self).update(settings)

    @classmethod
    def _read_dialect(cls, given: Any) -> Any:
        """Return the arguments in Dirigent's words; raises BadDag for those that nobody knows."""
        spoken = dialect.current()
        if spoken:
            given = spoken.task_arguments(given, _NAMES)
        cls._refuse(set(given) - _NAMES)
        return given

    @classmethod
    def _refuse(cls, unknown: set[str]) -> None:
        if unknown:
            refuse_unknown(cls.__name__, sorted(unknown), cls.known_arguments())

    @classmethod
    def known_arguments(cls) -> frozenset[str]:
        """Return the names of all arguments that it takes."""
        classes = [each for each in cls.__mro__ if issubclass(each, BaseOperator)]
        known = _NAMES.union(*(inspect.signature(each.__init__).parameters for each in classes))
        return known - {"self", "args", "kwargs", "arguments"}

    @classmethod
    def partial(cls, *, task_id: str, **arguments: Any) -> Partial:
        """Return what has these arguments and is to be mapped over others, with `.expand(...)`."""
        made: Partial = import_module(_MAPPING).Partial(cls, task_id, arguments)
        return made

    def unmapped(self, context: Context) -> BaseOperator:
        """Return the task that an attempt runs: itself, unless it is mapped."""
        return self

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """Mapped groups around it, outermost first, itself where it is mapped, its loop: an index of its path each."""
        group = self.task_group
        around = (*group.ancestors, group) if group else ()
        own = (self.task_id,) if self.expansion else ()
        loop = (f"{self.task_id} (iterations)",) if self.loop else ()
        return (*(each.group_id for each in around if each.expansion), *own, *loop)

    def execute(self, context: Context) -> Any:
        """Do the task's work; what is returned is kept for the tasks that follow. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no execute(); override it.")

    def pre_execute(self, context: Context) -> None:
        """Run right before `execute`."""
        if self._before is not None:
            self._before(context)

    def post_execute(self, context: Context, result: Any = None) -> None:
        """Run right after `execute` returned."""
        if self._after is not None:
            self._after(context, result)

    def defer(
        self,
        *,
        trigger: Waits,
        method_name: str,
        kwargs: Mapping[str, Any] | None = None,
        timeout: timedelta | float | None = None,
    ) -> NoReturn:
        """End this attempt, and hold no slot until the trigger has fired; never returns.

        Then the task goes on in a new attempt of this try: `method_name` is called with the context, with `kwargs`,
        and with `event`. Nothing else that is kept on `self` is there any more. After `timeout` (seconds, or a
        timedelta) it fails with TaskDeferralTimeout instead.
        """
        raise TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=timeout)

    def resume_execution(
        self, next_method: str, next_kwargs: Mapping[str, Any] | None, context: Context
    ) -> Any:
        """Go on after a wait. Override it to do something else where the wait failed."""
        if next_method == FAILED_WAIT:
            fail_of_wait(self.log, dict(next_kwargs or {}))
        return getattr(self, next_method)(context, **dict(next_kwargs or {}))

    def told_of_assets(self) -> tuple[dict[str, Any], ...] | None:
        """Return what a check of an asset found."""
        return None

    def on_kill(self) -> None:
        """Clean up what `execute` started, when the attempt is cancelled or times out."""

    def as_setup(self) -> Self:
        """Make it a setup: it runs again with what needs it, and its teardown follows however that ends."""
        frames.make_setup(self)
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool = False) -> Self:
        """Make it the teardown of these setups, one or a list: it runs where one of them succeeded."""
        frames.make_teardown(self, setups, fails_run=on_failure_fail_dagrun)
        return self

    def __enter__(self) -> frames.Frame:
        return frames.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        frames.leave(is_whole=kind is None)

    @property
    def node_id(self) -> str:
        """Full id."""
        return self.task_id

    @property
    def dag_id(self) -> str:
        """Id of the DAG; empty where there is none."""
        return self.dag.dag_id if self.dag else ""

    @property
    def time_zone(self) -> ZoneInfo:
        """The time zone of the DAG."""
        return ZoneInfo(self.dag.timezone if self.dag else "UTC")

    @property
    def output(self) -> XComArg[Any]:
        """What `execute` will return, to be handed to another task."""
        return XComArg(self)

    @property
    def upstream_task_ids(self) -> frozenset[str]:
        """Full ids of the tasks that this one waits for."""
        return self.dag.upstream_of(self.task_id) if self.dag else frozenset()

    @property
    def downstream_task_ids(self) -> frozenset[str]:
        """Full ids of the tasks that wait for this one."""
        return self.dag.downstream_of(self.task_id) if self.dag else frozenset()

    @property
    def operator_name(self) -> str:
        """What the page calls this kind of task."""
        return type(self).__name__

    @property
    def task_type(self) -> str:
        """The same, under Airflow's name."""
        return self.operator_name

    @cached_property
    def log(self) -> logging.Logger:
        """Where this task logs to."""
        return logging.getLogger(self.logger_name or f"dirigent.task.{self.task_id}")

    @property
    def made_template_fields(self) -> tuple[str, ...]:
        """What is rendered when it runs."""
        return tuple(self.template_fields)

    def shown_source(self) -> str | None:
        """Return what the page shows as the task's code, if anything."""
        return None

    def join_dag(self) -> None:
        """Add the task to its DAG, with an arrow from each task whose result it takes."""
        if self.dag is None or self.task_group is None:
            return
        self.dag.add_task(self)
        frames.note_task(self)
        for producer in self._producers():
            self.set_upstream(producer)

    def _producers(self) -> Iterator[BaseOperator]:
        for field in self.template_fields:
            if not hasattr(self, field):
                raise BadDag(
                    f"{author_line()}: {type(self).__name__} names {field!r} in template_fields, "
                    "but its __init__ sets no such attribute."
                )
            for result in results_in(getattr(self, field)):
                yield result.operator

    def __repr__(self) -> str:
        return f"<Task({self.operator_name}): {self.task_id}>"


def _filling(init: Callable[..., None]) -> Callable[..., None]:
    """Fill arguments that `init` names, and that were not given, from the inherited defaults."""
    parameters = list(inspect.signature(init).parameters.values())[1:]
    named = [each.name for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    fillable = frozenset(named) - {"task_id"}
    if not fillable:
        return init

    @wraps(init)
    def filled(self: BaseOperator, *args: Any, **kwargs: Any) -> None:
        for name in fillable.intersection(self._inherited).difference(named[: len(args)], kwargs):
            kwargs[name] = self._inherited[name]
        init(self, *args, **kwargs)

    return filled
