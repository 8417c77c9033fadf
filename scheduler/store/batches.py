"""Long lists of keys in parts: SQLite takes 32,766 parameters a statement, PostgreSQL 65,535."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")
SIZE: Final = 5000


def in_batches(items: Iterable[T], size: int = SIZE) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
