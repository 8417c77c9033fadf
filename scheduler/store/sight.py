"""What somebody may see: the one place that narrows statements, whatever asks them.

A session that is narrowed reads each table as if it held only the rows that are in sight. In every statement a table
is replaced by the query of these rows under the table's name, in its joins, subqueries and counts too, so a list, a
sum or a search that is written tomorrow is narrowed without knowing of it, and what is out of sight is absent in the
words of what is not there. A table that this module does not know shows no row. Nothing can be written in such a
session.

Who sees everything pays nothing: their session is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from scheduler.core.scopes import TEAM_TAG, Scope, Sight
from scheduler.store import tables as t
from scheduler.store.engine import Session

Condition: TypeAlias = sa.ColumnElement[bool]
#: Queries that are kept: a table, as somebody sees it.
_KEPT: Final = 4000

#: Tables without anything of DAGs or teams; what they hold is for the right that the view asks.
OPEN: Final = frozenset(
    {
        t.account,
        t.account_role,
        t.api_token,
        t.blob,  # by their hash, which a manifest tells
        t.dag_bundle,
        t.leader,
        t.listener,
        t.outbox,
        t.role,
        t.session,
        t.sign_in_failure,
        t.sign_in_token,
        t.snapshot,  # of which a view takes the file of a DAG in sight
        t.table_form,
        t.worker,
    }
)


def narrow(session: Session, sight: Sight) -> None:
    """Let a session that reads see what is in sight, and nothing else, for as long as it is open."""
    if sight:
        sa.event.listen(session, "before_execute", partial(_rewrite, sight), retval=True)


def is_in_sight(session: Session, dag_id: str, sight: Sight) -> bool:
    """Tell whether there is such a DAG, and it is in sight."""
    if not sight:
        return session.scalar(sa.select(t.dag.c.dag_id).where(t.dag.c.dag_id == dag_id)) is not None
    shown = seen(t.dag, "dag", sight)
    return session.scalar(sa.select(shown.c.dag_id).where(shown.c.dag_id == dag_id)) is not None


def _rewrite(
    sight: Sight, session: Session, statement: object, many: object, params: object, options: object
) -> tuple[object, object, object]:
    if not isinstance(statement, sa.SelectBase):
        raise RuntimeError(f"a narrowed session only selects, and was given {type(statement).__name__}")
    return replacement_traverse(statement, {}, _Replacing(sight)), many, params


class _Replacing:
    """Replaces tables, aliases of tables, and their columns, by what is in sight of them."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def __call__(self, element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        """Return what stands for an element; None: it stays, and its parts are looked at."""
        if isinstance(element, sa.Column):
            table = _table_of(element.table)
            return None if table is None else self._of(table).c[element.key]
        table = _table_of(element)
        return None if table is None else self._of(table)

    def _of(self, table: sa.Table | sa.Alias) -> sa.FromClause:
        return seen(cast(sa.Table, getattr(table, "element", table)), table.name, self._sight)


def _table_of(element: object) -> sa.Table | sa.Alias | None:
    """Return what is one of our tables, or an alias of one; None for anything else, and where nothing is hidden."""
    table = element.element if isinstance(element, sa.Alias) else element
    if not isinstance(table, sa.Table) or table in OPEN:
        return None
    return cast(sa.Table | sa.Alias, element)


@lru_cache(_KEPT)
def _whole(table: sa.Table, sight: Sight) -> Condition:
    return sa.and_(*(condition(table, scope) for scope in sight))


@lru_cache(_KEPT)
def seen(table: sa.Table, name: str, sight: Sight) -> sa.Subquery:
    """Return the rows of a table that are in sight, under a name."""
    return sa.select(table).where(_whole(table, sight)).subquery(name)


def condition(table: sa.Table, scope: Scope) -> Condition:
    """Return which rows of a table are in a scope."""
    rule = RULES.get(table)
    if rule is not None:
        return rule(scope)
    if "dag_id" in table.c:
        return in_scope(table.c.dag_id, scope)
    return _of_run(table, scope) if "run_pk" in table.c else sa.false()


def in_scope(dag_id: sa.ColumnElement[str], scope: Scope) -> Condition:
    """Return whether a column names a DAG of a scope."""
    return dag_id.in_(sa.union_all(*_dag_ids(scope))) if not scope.is_empty else sa.false()


def _dag_ids(scope: Scope) -> Iterator[sa.Select[Any]]:
    tagged = sa.select(t.dag_tag.c.dag_id)
    if scope.dag_ids:
        # Of a DAG that is deleted, what it did is still told.
        yield from (sa.select(sa.literal(each, sa.Text)) for each in sorted(scope.dag_ids))
    if scope.tags:
        yield tagged.where(t.dag_tag.c.name.in_(sorted(scope.tags)))
    if scope.teams:
        yield of_teams(scope.teams)


def of_teams(teams: frozenset[str]) -> sa.Select[Any]:
    """Return the names of the DAGs that belong to one of the teams."""
    name = t.dag_tag.c.name
    return (
        sa.select(t.dag_tag.c.dag_id)
        .where(name.startswith(TEAM_TAG, autoescape=True))
        .group_by(t.dag_tag.c.dag_id)
        .having(sa.func.min(name).in_([TEAM_TAG + team for team in sorted(teams)]))
    )


def _of_run(table: sa.Table, scope: Scope) -> Condition:
    # Asked for each row: the names of all runs in sight may be a million.
    return sa.exists().where(t.dag_run.c.id == table.c.run_pk, in_scope(t.dag_run.c.dag_id, scope))


def _of_attempt(scope: Scope) -> Condition:
    own = t.attempt.c.id == t.log_chunk.c.attempt_id
    return sa.exists().where(own, _of_run(t.attempt, scope))


def _of_event(scope: Scope) -> Condition:
    return sa.or_(in_scope(t.event.c.dag_id, scope), _of_run(t.event, scope))


def _of_file(scope: Scope) -> Condition:
    return t.dag_file.c.path.in_(sa.select(t.dag.c.file).where(in_scope(t.dag.c.dag_id, scope)))


def _of_asset(scope: Scope) -> Condition:
    use, own = t.asset_use.c, in_scope(t.asset_use.c.dag_id, scope)
    named = sa.select(use.value).where(use.kind == "name", own)
    placed = sa.select(use.value).where(use.kind == "uri", own)
    return sa.or_(t.asset.c.name.in_(named), t.asset.c.uri.in_(placed))


def _of_asset_name(column: sa.ColumnElement[str]) -> Callable[[Scope], Condition]:
    return lambda scope: column.in_(sa.select(t.asset.c.name).where(_of_asset(scope)))


def _of_asset_event(scope: Scope) -> Condition:
    made_by_hand = sa.and_(t.asset_event.c.dag_id == "", _of_asset_name(t.asset_event.c.name)(scope))
    return sa.or_(in_scope(t.asset_event.c.dag_id, scope), made_by_hand)


def _of_asset_watch(scope: Scope) -> Condition:
    keys = sa.select(t.asset_watcher.c.key).where(in_scope(t.asset_watcher.c.dag_id, scope))
    return t.asset_watch.c.key.in_(keys)


def _of_team(table: sa.Table) -> Callable[[Scope], Condition]:
    return lambda scope: table.c.team_name.in_(sorted(scope.teams))


def _of_pool(scope: Scope) -> Condition:
    """A pool that is no team's is everybody's: tasks of all teams share it."""
    return sa.or_(t.pool.c.team_name.is_(None), _of_team(t.pool)(scope))


#: Tables whose rows are found otherwise than by `dag_id` or `run_pk`.
RULES: Final[dict[sa.Table, Callable[[Scope], Condition]]] = {
    t.asset: _of_asset,
    t.asset_event: _of_asset_event,
    t.asset_state: _of_asset_name(t.asset_state.c.asset),
    t.asset_watch: _of_asset_watch,
    t.connection: _of_team(t.connection),
    t.connection_trial: lambda _: sa.false(),  # found by its token alone
    t.dag_file: _of_file,
    t.event: _of_event,
    t.kept_answer: lambda _: sa.false(),  # found by its key alone, which its caller knows
    t.log_chunk: _of_attempt,
    t.pool: _of_pool,
    t.saved_filter: lambda _: sa.true(),  # asked for by the name of whoever asks
    t.variable: _of_team(t.variable),
}
