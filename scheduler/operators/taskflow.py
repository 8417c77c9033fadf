"""`@task`: functions as tasks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, Self, TypeVar, cast, overload

from scheduler.errors import BadDag
from scheduler.operators.bash import BashOperator
from scheduler.operators.python import (
    BranchPythonOperator,
    PythonOperator,
    ShortCircuitOperator,
    call,
    source_of,
)
from scheduler.sdk import dialect, scope
from scheduler.sdk.arguments import bad_argument, refuse_unknown
from scheduler.sdk.context import CONTEXT_NAMES, LOOP_NAMES, Context, current_attempt
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.results import XComArg
from scheduler.sdk.task_arguments import TaskArguments
from scheduler.sdk.templates import Renderer

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.operators.interpreter_tasks import InterpreterDecorator
    from scheduler.sdk.expansion import Expansion
    from scheduler.sensors.python import SensorDecorator

#: Loaded where something is mapped.
_EXPANSION: Final = "scheduler.sdk.expansion"
_MAPPING: Final = "scheduler.sdk.mapping"
#: Loaded where something is looped.
_LOOPS: Final = "scheduler.sdk.loops"

_P = ParamSpec("_P")
_R = TypeVar("_R")


class NamedTaskArguments(TaskArguments, total=False):
    """What `@task(...)` and `.override(...)` take: the arguments of every operator, and the id."""

    task_id: str


class FunctionArguments(NamedTaskArguments, total=False):
    """What `@task(...)` and `@task.branch(...)` take besides."""

    templates_exts: Collection[str]


class TaskFlowOperator(PythonOperator):
    """The task that a call of a `@task` function declares."""

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@task"


class BranchTaskFlowOperator(BranchPythonOperator):
    """The task that a call of a `@task.branch` function declares."""

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@task.branch"


class ShortCircuitTaskFlowOperator(ShortCircuitOperator):
    """The task that a call of a `@task.short_circuit` function declares."""

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@task.short_circuit"


class BashTaskFlowOperator(BashOperator):
    """The task that a call of a `@task.bash` function declares: the function returns the command."""

    template_fields = ("op_args", "op_kwargs", "env", "cwd")

    def __init__(
        self,
        task_id: str,
        *,
        python_callable: Callable[..., str],
        op_args: tuple[Any, ...] = (),
        op_kwargs: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, bash_command="# made by the function", **arguments)
        self.python_callable = python_callable
        self.op_args = op_args
        self.op_kwargs = dict(op_kwargs or {})

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@task.bash"

    def execute(self, context: Context) -> Any:
        """Make the command, then run it; files for Airflow may return a template."""
        command = call(self.python_callable, self.op_args, self.op_kwargs, context)
        if dialect.current() is not None and self.dag is not None:
            command = Renderer(self, self.dag, context).render(command)
        self.bash_command = command
        return super().execute(context)

    def shown_source(self) -> str | None:
        """Return the text of the function."""
        return source_of(self.python_callable)


class TaskFunction(Generic[_P, _R]):
    """A function that declares a task each time it is called while a DAG is built.

    The call returns the promise of the function's result. Called inside a running task, it is the plain
    function.
    """

    def __init__(
        self,
        function: Callable[_P, _R],
        operator: Callable[..., BaseOperator],
        arguments: Mapping[str, Any],
        given: Mapping[str, Any] | None = None,
    ) -> None:
        if not callable(function):
            raise bad_argument("@task", function, "decorate a function")
        update_wrapper(self, function)
        self.function = function
        self._operator = operator
        self._arguments = arguments
        self._given = dict(given or {})

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> XComArg[_R]:
        """Declare a task with these arguments; results of other tasks among them become its upstream."""
        if current_attempt() is not None and scope.open_group() is None:
            return cast("XComArg[_R]", self.function(*args, **kwargs))
        positional, named = _bind(self.function, args, {**self._given, **kwargs}, self._seen)
        task_id, settings = self._settings()
        task = self._operator(
            task_id, python_callable=self.function, op_args=positional, op_kwargs=named, **settings
        )
        return XComArg(task)

    @property
    def _seen(self) -> frozenset[str]:
        """What its tasks see besides what every task sees."""
        return LOOP_NAMES if self._arguments.get("loop") else frozenset()

    def override(self, **arguments: Unpack[NamedTaskArguments]) -> TaskFunction[_P, _R]:
        """Return the same function with other task arguments, such as `task_id` or `retries`."""
        return TaskFunction(self.function, self._operator, {**self._arguments, **arguments}, self._given)

    def partial(self, **given: Any) -> TaskFunction[_P, _R]:
        """Return the same function with some of its arguments; it is to be mapped over others."""
        self._refuse(given)
        return TaskFunction(self.function, self._operator, self._arguments, {**self._given, **given})

    def expand(self, **mapped: Any) -> XComArg[Any]:
        """Declare a task with an instance for each item; of several arguments, for each combination of their items."""
        self._refuse(mapped)
        expansion = import_module(_EXPANSION).ByArgument(mapped)
        _bind(self.function, (), {**self._given, **mapped}, self._seen)
        return self._mapped(expansion)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg[Any]:
        """Declare a task with an instance for each dict of arguments in a list, or in what a task returns."""
        return self._mapped(import_module(_EXPANSION).ByItem(kwargs))

    def _settings(self) -> tuple[str, dict[str, Any]]:
        """Return the id that is free, and the other arguments of the task."""
        settings: dict[str, Any] = {"doc_md": inspect.getdoc(self.function), **self._arguments}
        settings.setdefault("multiple_outputs", _returns_dict(self.function))
        return free_id(settings.pop("task_id", None) or self.function.__name__.strip("_"), settings), settings

    def _refuse(self, given: Mapping[str, Any]) -> None:
        parameters = inspect.signature(self.function).parameters
        if not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            unknown = sorted(set(given) - set(parameters))
            refuse_unknown(f"{self.function.__name__}()", unknown, set(parameters))
        for name in sorted(self._given.keys() & given.keys()):
            raise BadDag(f"{author_line()}: {name!r} is given to both partial() and expand().")

    def _mapped(self, expansion: Expansion) -> XComArg[Any]:
        task_id, settings = self._settings()
        mapping = import_module(_MAPPING)
        shared, own = mapping.split(self._operator, settings)
        given = {"python_callable": self.function, "op_kwargs": self._given, **own}
        made = mapping.MappedOperator(
            task_id, make=self._operator, given=given, expansion=expansion, into="op_kwargs", **shared
        )
        return XComArg(made)

    def checked(self, check: Callable[[Context], Any]) -> Self:
        """Return the same function whose tasks call `check` with the context before anything else."""
        before: Callable[[Context], Any] | None = self._arguments.get("pre_execute")

        def check_first(context: Context) -> None:
            check(context)
            if before is not None:
                before(context)

        return type(self)(
            self.function, self._operator, {**self._arguments, "pre_execute": check_first}, self._given
        )


class TaskDecorator:
    """`@task` and `@task.branch`, with or without arguments."""

    def __init__(self, operator: Callable[..., BaseOperator]) -> None:
        self._operator = operator

    @overload
    def __call__(self, function: Callable[_P, _R], /) -> TaskFunction[_P, _R]: ...

    @overload
    def __call__(
        self, **arguments: Unpack[FunctionArguments]
    ) -> Callable[[Callable[_P, _R]], TaskFunction[_P, _R]]: ...

    def __call__(  # type: ignore[misc]  # mypy does not see that ** takes the unpacked names
        self, function: Any = None, /, **arguments: Any
    ) -> Any:
        """Make a function into one that declares tasks."""
        return decorate(self._operator, function, arguments)


class ShortCircuitDecorator:
    """`@task.short_circuit`: what follows is skipped where the function returns something false."""

    @overload
    def __call__(self, function: Callable[_P, _R], /) -> TaskFunction[_P, _R]: ...

    @overload
    def __call__(
        self, *, ignore_downstream_trigger_rules: bool = True, **arguments: Unpack[NamedTaskArguments]
    ) -> Callable[[Callable[_P, _R]], TaskFunction[_P, _R]]: ...

    def __call__(  # type: ignore[misc]  # mypy does not see that ** takes the unpacked names
        self, function: Any = None, /, **arguments: Any
    ) -> Any:
        """Make a function into one that declares tasks."""
        return decorate(ShortCircuitTaskFlowOperator, function, arguments)


class BashDecorator:
    """`@task.bash`: the function returns the command."""

    @overload
    def __call__(self, function: Callable[_P, str], /) -> TaskFunction[_P, str]: ...

    @overload
    def __call__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        append_env: bool = False,
        cwd: str | None = None,
        skip_on_exit_code: int | list[int] | None = 99,
        output_processor: Callable[[str], Any] | None = None,
        **arguments: Unpack[NamedTaskArguments],
    ) -> Callable[[Callable[_P, str]], TaskFunction[_P, str]]: ...

    def __call__(  # type: ignore[misc]  # mypy does not see that ** takes the unpacked names
        self, function: Any = None, /, **arguments: Any
    ) -> Any:
        """Make a function into one that declares tasks."""
        return decorate(BashTaskFlowOperator, function, arguments)


def decorate(
    operator: Callable[..., BaseOperator], function: Callable[..., Any] | None, arguments: Mapping[str, Any]
) -> Any:
    """Make a function declare tasks of this kind, or return the decorator that does."""
    if function is not None:
        return TaskFunction(function, operator, arguments)
    return lambda decorated: TaskFunction(decorated, operator, arguments)


class Task(TaskDecorator):
    """`@task`, and its kinds as attributes."""

    python: Final = TaskDecorator(TaskFlowOperator)
    branch: Final = TaskDecorator(BranchTaskFlowOperator)
    short_circuit: Final = ShortCircuitDecorator()
    bash: Final = BashDecorator()

    def loop(
        self,
        *,
        until: Callable[[Any], Any],
        max_iterations: int,
        on_exhausted: str = "fail",
        **arguments: Unpack[NamedTaskArguments],
    ) -> Callable[[Callable[_P, _R]], TaskFunction[_P, _R]]:
        """`@task.loop(until=..., max_iterations=...)`: done again until `until(value)` is true of what it returned."""
        loop = import_module(_LOOPS).Loop(until, max_iterations, on_exhausted)
        decorator: Callable[[Callable[_P, _R]], TaskFunction[_P, _R]] = decorate(
            TaskFlowOperator, None, {**arguments, "loop": loop}
        )
        return decorator

    @property
    def sensor(self) -> SensorDecorator:
        """`@task.sensor`; loaded when it is first asked for, as are those below."""
        decorator: SensorDecorator = import_module("scheduler.sensors.python").SENSOR
        return decorator

    @property
    def virtualenv(self) -> InterpreterDecorator:
        """`@task.virtualenv(requirements=[...])`: in an environment built for it."""
        return _other_interpreter("virtualenv")

    @property
    def external_python(self) -> InterpreterDecorator:
        """`@task.external_python(python=...)`: with another interpreter."""
        return _other_interpreter("external_python")

    @property
    def branch_virtualenv(self) -> InterpreterDecorator:
        """`@task.branch_virtualenv`: as `virtualenv`, and the function chooses what follows."""
        return _other_interpreter("branch_virtualenv")

    @property
    def branch_external_python(self) -> InterpreterDecorator:
        """`@task.branch_external_python`: as `external_python`, and the function chooses what follows."""
        return _other_interpreter("branch_external_python")


def _other_interpreter(name: str) -> InterpreterDecorator:
    decorator: InterpreterDecorator = import_module("scheduler.operators.interpreter_tasks").DECORATORS[name]
    return decorator


#: The decorator.
task: Final = Task(TaskFlowOperator)


def _bind(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], seen: frozenset[str]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments, by name where they can be: so the page shows them.

    Raises BadDag for what the function does not take, and for what nobody will give it.
    """
    signature = inspect.signature(function)
    parameters = signature.parameters
    try:
        given = signature.bind_partial(*args, **kwargs)
    except TypeError as error:
        raise BadDag(f"{author_line()}: {function.__name__}() {error}.") from None
    spoken = dialect.current()
    known = CONTEXT_NAMES | seen | (spoken.context_names if spoken else frozenset())
    for each in parameters.values():
        filled = each.name in given.arguments or each.default is not each.empty or each.name in known
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD) and not filled:
            raise BadDag(f"{author_line()}: {function.__name__}() needs the argument {each.name!r}.")
    if any(each.kind in (each.VAR_POSITIONAL, each.POSITIONAL_ONLY) for each in parameters.values()):
        return args, dict(kwargs)
    by_position = {name: given.arguments[name] for name in list(parameters)[: len(args)]}
    return (), by_position | dict(kwargs)


def _returns_dict(function: Callable[..., Any]) -> bool:
    annotation = getattr(function, "__annotations__", {}).get("return")
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return text.split("[")[0].rpartition(".")[2].lower() in ("dict", "mapping")


def free_id(task_id: str, settings: Mapping[str, Any]) -> str:
    """Return the id, with `__1`, `__2` and so on where the function was called before."""
    dag = settings.get("dag")
    group = settings.get("task_group") or (dag.task_group if dag else scope.open_group())
    if group is None:
        return task_id
    declared = group.owner_dag.task_dict
    free, calls = task_id, group.owner_dag.calls
    while group.child_id(free) in declared:
        calls[group.child_id(task_id)] += 1
        free = f"{task_id}__{calls[group.child_id(task_id)]}"
    return free
