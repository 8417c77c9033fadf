"""What a list is narrowed to and ordered by, as programs ask for it: by the names of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.errors import BadParams

#: Conditions about one column at once; SQLite takes no deeper expression than a thousand.
MOST: Final = 100

Columns = Mapping[str, sa.ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Range:
    """Between which bounds a value lies; None is no bound."""

    gte: datetime | float | str | None = None
    gt: datetime | float | str | None = None
    lte: datetime | float | str | None = None
    lt: datetime | float | str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries of a list are wanted: every condition must hold. Names are those of the list's columns."""

    among: Mapping[str, Sequence[Any]] = field(default_factory=dict)  #: one of these; None is no value
    ranges: Mapping[str, Range] = field(default_factory=dict)
    #: Holds this text whatever its case; `%` stands for any characters, `_` for one, `|` between alternatives.
    like: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, str] = field(default_factory=dict)  #: begins so; `|` between alternatives
    order: tuple[str, ...] = ()  #: names of columns, the largest first where `-` stands before

    @property
    def names(self) -> set[str]:
        """The columns that a row is held against."""
        return {*self.among, *self.ranges, *self.like, *self.starts}

    def only(self, name: str, *values: object) -> Choice:
        """Return this choice, with one column narrowed to these values besides."""
        known = self.among.get(name)
        both = values if known is None else tuple(each for each in values if each in known)
        return replace(self, among={**self.among, name: both})

    def beginning(self, name: str, text: str) -> Choice:
        """Return this choice, with one column narrowed to what begins so besides."""
        return replace(self, starts={**self.starts, name: text})


def conditions(columns: Columns, choice: Choice) -> Iterator[sa.ColumnElement[bool]]:
    """Return what a row of the list has to fulfil."""
    for name, values in choice.among.items():
        yield _is_among(columns[name], values)
    for name, bounds in choice.ranges.items():
        yield from _lies_within(columns[name], bounds)
    for name, text in choice.like.items():
        yield either([columns[name].ilike(f"%{each}%") for each in _alternatives(text)])
    for name, text in choice.starts.items():
        yield either([columns[name].startswith(each, autoescape=True) for each in _alternatives(text)])


def either(parts: Sequence[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Return that one of these holds. Raises BadParams where they are too many: each is asked for each row."""
    _check_count(parts)
    return sa.or_(*parts)


def every(parts: Sequence[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Return that all of these hold. Raises BadParams where they are too many."""
    _check_count(parts)
    return sa.and_(*parts)


def _check_count(parts: Sequence[object]) -> None:
    if len(parts) > MOST:
        raise BadParams(f"{len(parts):,} alternatives are too many for a list: ask for at most {MOST}.")


def _is_among(column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    present = [each for each in values if each is not None]
    found = column.in_(present)
    return sa.or_(found, column.is_(None)) if len(present) < len(values) else found


def _lies_within(column: sa.ColumnElement[Any], bounds: Range) -> Iterator[sa.ColumnElement[bool]]:
    if bounds.gte is not None:
        yield column >= bounds.gte
    if bounds.gt is not None:
        yield column > bounds.gt
    if bounds.lte is not None:
        yield column <= bounds.lte
    if bounds.lt is not None:
        yield column < bounds.lt


def _alternatives(text: str) -> list[str]:
    """Return what one of is to match. `~` alone stands for anything, as in an address."""
    found = [part.strip() for part in text.split("|") if part.strip()]
    return ["%" if each == "~" else each for each in found] or [text]


def in_order(columns: Columns, choice: Choice, last: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    """Return by what to sort. `last` decides between equals, so that no entry stands on two pages or on none."""
    keys = [_key(columns, name) for name in choice.order]
    is_down = bool(choice.order) and choice.order[-1].startswith("-")
    return [*keys, last.desc() if is_down else last.asc()]


def _key(columns: Columns, name: str) -> sa.ColumnElement[Any]:
    column = columns[name.removeprefix("-")]
    return (column.desc() if name.startswith("-") else column.asc()).nulls_last()
