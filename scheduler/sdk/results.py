"""What a task will return, as others take it: a promise while the graph is built, a value when it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeAlias, TypeVar

from scheduler.sdk.edges import Linkable, Node

if TYPE_CHECKING:
    from types import TracebackType

    from scheduler.sdk.frames import Frame
    from scheduler.sdk.operator import BaseOperator

    # So that a type checker lets the promise of a value stand wherever a task takes the value itself.
    _AnyValue: TypeAlias = Any
else:
    _AnyValue = object

_R = TypeVar("_R")

#: Key under which the return value of a task is kept.
RETURN_KEY: Final = "return_value"


class XComArg(Linkable, Generic[_R], _AnyValue):  # type: ignore[misc]  # Any as a base is the point
    """The result of a task, or with `result["key"]` a part of it."""

    def __init__(self, operator: BaseOperator, key: str = RETURN_KEY, path: tuple[Any, ...] = ()) -> None:
        self.operator = operator
        self.key = key
        self.path = path

    def node(self) -> Node:
        """Return the task that the result comes from."""
        return self.operator

    def as_setup(self) -> Self:
        """Make the task a setup; see `BaseOperator.as_setup`."""
        self.operator.as_setup()
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool = False) -> Self:
        """Make the task a teardown; see `BaseOperator.as_teardown`."""
        self.operator.as_teardown(setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun)
        return self

    def __enter__(self) -> Frame:
        return self.operator.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.operator.__exit__(kind, error, trace)

    def __getitem__(self, item: Any) -> XComArg[Any]:
        return XComArg(self.operator, self.key, (*self.path, item))

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"The result of task {self.operator.task_id!r} is not there yet while the DAG is built, so it "
            "cannot be "
            "looped over here. Take it as an argument of another task and loop there."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"The result of task {self.operator.task_id!r} is not there yet while the DAG is built, so "
            "`if` cannot "
            "ask for it here. Take it as an argument of another task, or branch with ShortCircuitOperator."
        )

    def __str__(self) -> str:
        pulled = f"task_instance.xcom_pull(task_ids={self.operator.task_id!r}, key={self.key!r})"
        return "{{ " + pulled + "".join(f"[{item!r}]" for item in self.path) + " }}"

    def __repr__(self) -> str:
        return f"XComArg({self.operator!r}" + "".join(f"[{item!r}]" for item in self.path) + ")"


def results_in(value: Any) -> Iterator[XComArg[Any]]:
    """Walk all results of tasks in a value: in lists, tuples, sets and values of dicts, however deep."""
    if isinstance(value, XComArg):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from results_in(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from results_in(each)
