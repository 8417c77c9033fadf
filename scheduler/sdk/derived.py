"""Lists made of what tasks return, without a task of their own: `.map()`, `.zip()`, `.concat()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

from scheduler.errors import BadDag
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.location import author_line
from scheduler.sdk.results import ListPromise, XComArg


class MapResult(ListPromise):
    """The items of another list, each through a function. It may raise SkipTask: then what asked for it is skipped."""

    def __init__(self, base: ListPromise, function: Any) -> None:
        if not callable(function) or hasattr(function, "override"):
            raise bad_argument("map", function, "give a plain function of one item, not a task")
        self.base = base
        self.function: Callable[[Any], Any] = function

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk what the items come from."""
        return self.base.leaves()

    def described(self) -> str:
        """Return what an error calls it."""
        return f"{self.base.described()}.map()"

    def factor(self) -> Any:
        """Return that it is as long as the other."""
        return self.base.factor()

    def count(self, instance: Any) -> int:
        """Return how long the other is."""
        return self.base.count(instance)

    def item(self, instance: Any, index: int) -> Any:
        """Return one item through the function."""
        return self.function(self.base.item(instance, index))

    def items(self, instance: Any) -> Sequence[Any]:
        """Return all of them through the function."""
        return [self.function(each) for each in self.base.items(instance)]


class _Joined(ListPromise):
    """A list made of others."""

    name = ""

    def __init__(self, parts: Sequence[ListPromise]) -> None:
        for each in parts:
            if not isinstance(each, ListPromise):
                raise bad_argument(self.name, each, "give results of tasks")
        self.parts = tuple(parts)

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk what the items come from."""
        for each in self.parts:
            yield from each.leaves()

    def described(self) -> str:
        """Return what an error calls it."""
        return f"{self.parts[0].described()}.{self.name}()"


class ZipResult(_Joined):
    """Tuples of the items that stand at the same place; as many as the shortest has, or the longest with a filling."""

    name = "zip"

    def __init__(self, parts: Sequence[ListPromise], fillvalue: Any) -> None:
        super().__init__(parts)
        if len(parts) < 2:
            raise BadDag(f"{author_line()}: zip() takes at least one other result of a task.")
        self.fillvalue = fillvalue
        self.is_longest = fillvalue is not ...

    def factor(self) -> Any:
        """Return the shortest or longest of the parts."""
        return {"zip": [each.factor() for each in self.parts], "longest": self.is_longest}

    def count(self, instance: Any) -> int:
        """Return how many tuples there are."""
        return (max if self.is_longest else min)(each.count(instance) for each in self.parts)

    def item(self, instance: Any, index: int) -> Any:
        """Return one tuple."""
        return tuple(
            each.item(instance, index) if index < each.count(instance) else self.fillvalue
            for each in self.parts
        )

    def items(self, instance: Any) -> Sequence[Any]:
        """Return all tuples."""
        lists = [each.items(instance) for each in self.parts]
        if self.is_longest:
            return list(zip_longest(*lists, fillvalue=self.fillvalue))
        return list(zip(*lists, strict=False))


class ConcatResult(_Joined):
    """The items of one after those of the other."""

    name = "concat"

    def factor(self) -> Any:
        """Return the sum of the parts."""
        return {"concat": [each.factor() for each in self.parts]}

    def count(self, instance: Any) -> int:
        """Return how long all are together."""
        return sum(each.count(instance) for each in self.parts)

    def item(self, instance: Any, index: int) -> Any:
        """Return one item, of whichever part it stands in."""
        for each in self.parts:
            if index < (count := each.count(instance)):
                return each.item(instance, index)
            index -= count
        raise IndexError(index)

    def items(self, instance: Any) -> Sequence[Any]:
        """Return all of them."""
        return list(chain.from_iterable(each.items(instance) for each in self.parts))
