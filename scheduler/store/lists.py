"""Conditions on lists: statements whose text is always the same, and that find the partial indexes.

SQLAlchemy's own `IN` writes a placeholder for each value, anew at each execution: that takes longer than SQLite takes
for the rest, and a server that prepares statements sees another one for each length. And SQLite uses a partial index
only where the query repeats its condition in words: a state that is a parameter hides it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _List(sa.TypeDecorator[Sequence[Any]]):
    """Many values as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, is_number: bool) -> None:
        super().__init__()
        self.is_number = is_number

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the type by the database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(postgresql.ARRAY(sa.BigInteger() if self.is_number else sa.Text()))

    def process_bind_param(self, value: Iterable[Any] | None, dialect: sa.Dialect) -> Any:  # noqa: ANN401 - either
        """Pass the list on as the database takes it."""
        values = list(value or ())
        return json.dumps(values) if dialect.name == "sqlite" else values


class one_of(FunctionElement[Any]):
    """`column` is one of the values of the parameter `name`."""

    name = "one_of"
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], name: str) -> None:
        is_number = isinstance(column.type, sa.Integer)
        super().__init__(column, sa.bindparam(name, type_=_List(is_number)))


@compiles(one_of, "sqlite")
def _one_of_sqlite(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(one_of, "postgresql")
def _one_of_postgresql(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"


class among(FunctionElement[Any]):
    """`column` is one of the values that a query of one column returns, which are few and found first.

    PostgreSQL would make a join of it, and begin at whichever side its statistics call the smaller one.
    """

    name = "among"
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], values: sa.Select[Any]) -> None:
        super().__init__(column, values.scalar_subquery())


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN {values}"


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY (ARRAY{values})"


def is_in(column: sa.ColumnElement[str], states: Iterable[str]) -> sa.ColumnElement[bool]:
    """Tell whether a state is one of these, in words as they stand in a partial index (`tables`): same order."""
    return column.in_([sa.literal_column(f"'{state}'") for state in states])


def is_raised(flag: sa.Column[bool]) -> sa.TextClause:
    """Tell whether a flag is up, in the words of a partial index."""
    return sa.text(f"{flag.table.name}.{flag.name}")
