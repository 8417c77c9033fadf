"""What mapped tasks handed on, as a running task sees it: of its own index, of one that it names, or of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, overload

from scheduler.sdk.xcom import decode

if TYPE_CHECKING:
    from scheduler.sdk.instance import Source, TaskInstance
    from scheduler.sdk.operator import BaseOperator

#: Values that are fetched at once.
_PAGE: Final = 200


class LazyXComs(Sequence[Any]):
    """The values of all instances, in the order of their indices, fetched as they are asked for."""

    def __init__(self, fetch: Callable[[int, int], dict[str, Any]]) -> None:
        self._fetch = fetch
        self._length: int | None = None

    def __len__(self) -> int:
        if self._length is None:
            self._length = int(self._fetch(0, 0)["total"])
        return self._length

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), _PAGE):
            yield from self._values(start, _PAGE)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return list(self)[index]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"There are {len(self)} values, and none at {index}.")
        return self._values(place, 1)[0]

    def _values(self, start: int, limit: int) -> list[Any]:
        return [decode(each) for each in self._fetch(start, limit)["values"]]

    def all_items(self) -> list[Any]:
        """Return them as a list: what is kept where they are handed on."""
        return list(self)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, list | LazyXComs) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a list

    def __repr__(self) -> str:
        return repr(list(self))


def standing(instance: TaskInstance, operator: BaseOperator) -> tuple[str, int]:
    """Return where a task stands for an instance: the path that they share, and how many more indices its own has."""
    mine, theirs = instance.task.dimensions, operator.dimensions
    pairs = list(zip(mine, theirs, strict=False))
    shared = next((place for place, (a, b) in enumerate(pairs) if a != b), len(pairs))
    return ".".join(instance.path.split(".")[:shared]), len(theirs) - shared


def pull(instance: TaskInstance, operator: BaseOperator, source: Source, default: Any) -> Any:
    """Return what `xcom_pull` does of a task that has instances."""
    path, below = standing(instance, operator)
    indexes = source.map_indexes
    if indexes is None:
        if not below:
            return _one(instance, operator, source, path, default)
        values = _all_below(instance, operator, source, path)
        return next(iter(values), default) if operator.loop and below == 1 else values
    head = path if below else path.rpartition(".")[0]
    if isinstance(indexes, int):
        return _one(instance, operator, source, _child(head, indexes), default)
    return [_one(instance, operator, source, _child(head, each), default) for each in indexes]


def _child(path: str, index: int) -> str:
    if index < 0:
        return path
    return f"{path}.{index}" if path else str(index)


def _one(instance: TaskInstance, operator: BaseOperator, source: Source, path: str, default: Any) -> Any:
    value = instance.channel.get_xcom(
        operator.task_id, source.key, path=path, run_id=source.run_id, dag_id=source.dag_id
    )
    return default if value is None else decode(value)


def _all_below(instance: TaskInstance, operator: BaseOperator, source: Source, path: str) -> LazyXComs:
    channel, task_id = instance.channel, operator.task_id
    run_id, is_newest = source.run_id, operator.loop is not None
    return LazyXComs(
        lambda start, limit: channel.get_xcoms(
            task_id, source.key, path=path, start=start, limit=limit, run_id=run_id, is_newest=is_newest
        )
    )


def length(instance: TaskInstance, operator: BaseOperator, key: str) -> int:
    """Return how many items a task handed on; of a mapped one, how many instances handed something on."""
    path, below = standing(instance, operator)
    if below:
        found = instance.channel.get_xcoms(operator.task_id, key, path=path, start=0, limit=0)
        return int(found["total"])
    return instance.channel.get_xcom_length(operator.task_id, key, path=path)


def item(instance: TaskInstance, operator: BaseOperator, key: str, index: int) -> Any:
    """Return one of them."""
    path, below = standing(instance, operator)
    if below:
        found = instance.channel.get_xcoms(operator.task_id, key, path=path, start=index, limit=1)
        return decode(found["values"][0])
    return decode(instance.channel.get_xcom_item(operator.task_id, key, index, path=path))
