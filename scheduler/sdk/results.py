"""What a task will return, as others take it: a promise while the graph is built, a value when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeAlias, TypeGuard, TypeVar

from scheduler.errors import BadDag
from scheduler.sdk.edges import Linkable, Node
from scheduler.sdk.location import author_line

if TYPE_CHECKING:
    from types import TracebackType

    from scheduler.sdk.derived import ConcatResult, MapResult, ZipResult
    from scheduler.sdk.frames import Frame
    from scheduler.sdk.operator import BaseOperator

    # So that a type checker lets the promise of a value stand wherever a task takes the value itself.
    _AnyValue: TypeAlias = Any
else:
    _AnyValue = object

_R = TypeVar("_R")

#: Key under which the return value of a task is kept.
RETURN_KEY: Final = "return_value"
#: Loaded where something is mapped: what is loaded before is part of each process that is forked later.
_DERIVED: Final = "scheduler.sdk.derived"
_GATHERED: Final = "scheduler.sdk.gathered"


class Promise(Linkable, _AnyValue):  # type: ignore[misc]  # Any as a base is the point
    """What stands for a value that is there only when a task runs."""

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk the results of tasks that the value is made of."""
        raise NotImplementedError

    def resolve(self, instance: Any) -> Any:
        """Return the value, as the running task `instance` sees it."""
        raise NotImplementedError

    def described(self) -> str:
        """Return what an error calls it."""
        raise NotImplementedError

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"{self.described()} is not there yet while the DAG is built, so it cannot be looped over here. Take it as "
            "an argument of another task and loop there, or have a task for each item with .expand()."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self.described()} is not there yet while the DAG is built, so `if` cannot ask for it here. Take it as "
            "an argument of another task, or branch with ShortCircuitOperator."
        )


class ListPromise(Promise):
    """What tasks can be mapped over."""

    def map(self, function: Callable[[Any], Any]) -> MapResult:
        """Return the same with a function applied to each item, when the item is needed."""
        mapped: MapResult = import_module(_DERIVED).MapResult(self, function)
        return mapped

    def zip(self, *others: ListPromise, fillvalue: Any = ...) -> ZipResult:
        """Return tuples of the items of these, as many as the shortest has; as the longest, with a `fillvalue`."""
        zipped: ZipResult = import_module(_DERIVED).ZipResult((self, *others), fillvalue)
        return zipped

    def concat(self, *others: ListPromise) -> ConcatResult:
        """Return the items of these, one after the other."""
        joined: ConcatResult = import_module(_DERIVED).ConcatResult((self, *others))
        return joined

    def factor(self) -> Any:
        """Return how its length is known, as a factor of `wire.MapSpec`."""
        raise NotImplementedError

    def count(self, instance: Any) -> int:
        """Return how many items there are, as the running task sees it."""
        raise NotImplementedError

    def item(self, instance: Any, index: int) -> Any:
        """Return one of them."""
        raise NotImplementedError

    def items(self, instance: Any) -> Sequence[Any]:
        """Return all of them."""
        raise NotImplementedError

    def resolve(self, instance: Any) -> Any:
        """Return all of them, where the value itself is asked for."""
        return list(self.items(instance))

    def node(self) -> Node:
        """Return the one task that an arrow from here begins at."""
        return next(self.leaves()).operator


class XComArg(ListPromise, Generic[_R]):
    """The result of a task, or with `result["key"]` a part of it."""

    def __init__(self, operator: BaseOperator, key: str = RETURN_KEY, path: tuple[Any, ...] = ()) -> None:
        self.operator = operator
        self.key = key
        self.path = path

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Return itself."""
        yield self

    def described(self) -> str:
        """Return what an error calls it."""
        return f"The result of task {self.operator.task_id!r}"

    def factor(self) -> Any:
        """Return the task and the key; a part of a part has no length that is kept, nor has the end of a loop."""
        if self.operator.loop is not None:
            raise BadDag(
                f"{author_line()}: what the looped task {self.operator.task_id!r} returns cannot be mapped over, as "
                "only its last iteration counts; have a task after it return that list."
            )
        return {"task": self.operator.task_id, "key": self._kept_under()}

    def count(self, instance: Any) -> int:
        """Return its length, or how many instances of a mapped task handed something on."""
        length: int = import_module(_GATHERED).length(instance, self.operator, self._kept_under())
        return length

    def item(self, instance: Any, index: int) -> Any:
        """Return one item; of a dict a pair of key and value."""
        return import_module(_GATHERED).item(instance, self.operator, self._kept_under(), index)

    def items(self, instance: Any) -> Sequence[Any]:
        """Return all items."""
        value = instance.xcom_pull(self.operator.task_id, self._kept_under())
        return list(value.items()) if isinstance(value, Mapping) else value

    def _kept_under(self) -> str:
        if not self.path:
            return self.key
        if len(self.path) == 1 and isinstance(self.path[0], str):
            return self.path[0]
        parts = "".join(f"[{each!r}]" for each in self.path)
        raise BadDag(
            f"{author_line()}: the part {parts} of what task {self.operator.task_id!r} returns cannot be mapped over; "
            "have a task return that list by itself."
        )

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

    def __str__(self) -> str:
        pulled = f"task_instance.xcom_pull(task_ids={self.operator.task_id!r}, key={self.key!r})"
        return "{{ " + pulled + "".join(f"[{item!r}]" for item in self.path) + " }}"

    def __repr__(self) -> str:
        return f"XComArg({self.operator!r}" + "".join(f"[{item!r}]" for item in self.path) + ")"


def returns_result(value: Any) -> TypeGuard[XComArg[Any]]:
    """Tell whether a value stands for all that a task returns, as what a run returns must."""
    return isinstance(value, XComArg) and value.key == RETURN_KEY and not value.path


def results_in(value: Any) -> Iterator[XComArg[Any]]:
    """Walk all results of tasks in a value: in lists, tuples, sets and values of dicts, however deep."""
    if isinstance(value, Promise):
        yield from value.leaves()
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from results_in(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from results_in(each)
