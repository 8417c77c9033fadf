"""Whose a DAG is: its owner, and its team, which is the rest of its tag `team:<name>` (the first such tag by name).

Both are those that the DAG has now, for what it did before too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from scheduler.core.scopes import TEAM_TAG, Sight
from scheduler.store.engine import Session
from scheduler.store.sight import of_teams
from scheduler.store.tables import dag, dag_tag

_IS_TEAM = dag_tag.c.name.startswith(TEAM_TAG, autoescape=True)
_TEAM = func.min(dag_tag.c.name)


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose a DAG is; empty: nobody's."""

    owner: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which DAGs are meant; what is empty narrows nothing."""

    dag_id: str = ""
    owner: str = ""
    team: str = ""
    tag: str = ""
    text: str = ""  #: part of a dag_id
    sight: Sight = ()  #: what the session is narrowed to already

    @property
    def is_all(self) -> bool:
        """Whether it leaves none out."""
        return self == Narrowing()

    def holds(self, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Return the conditions on a column that names DAGs."""
        named = [column == self.dag_id] if self.dag_id else []
        named += [column.icontains(self.text, autoescape=True)] if self.text else []
        queries = (
            (self.owner, select(dag.c.dag_id).where(dag.c.owner == self.owner)),
            (self.team, of_teams(frozenset({self.team}))),
            (self.tag, select(dag_tag.c.dag_id).where(dag_tag.c.name == self.tag)),
        )
        return [*named, *(column.in_(query) for value, query in queries if value)]


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to narrow by, of the DAGs in force."""

    owners: tuple[str, ...]
    teams: tuple[str, ...]
    tags: tuple[str, ...]
    parsed_at: datetime | None  #: when any of them was last read in: until then they belong to the same


def list_choices(session: Session) -> Choices:
    """Return the owners, teams and other tags of the DAGs in force; three statements."""
    in_force = dag.c.retired_at.is_(None)
    owners = session.scalars(select(dag.c.owner).where(in_force, dag.c.owner != "").distinct())
    joined = select(dag_tag.c.name).join(dag, dag.c.dag_id == dag_tag.c.dag_id).where(in_force)
    tags = sorted(session.scalars(joined.distinct()))
    teams = [name.removeprefix(TEAM_TAG) for name in tags if name.startswith(TEAM_TAG)]
    others = [name for name in tags if not name.startswith(TEAM_TAG)]
    parsed_at = session.scalar(select(func.max(dag.c.last_parsed_at)).where(in_force))
    return Choices(tuple(sorted(owners)), tuple(teams), tuple(others), parsed_at)


def list_owned(session: Session) -> dict[str, Owned]:
    """Return whose each DAG is, retired ones too; two statements."""
    query = select(dag_tag.c.dag_id, _TEAM).where(_IS_TEAM).group_by(dag_tag.c.dag_id)
    teams = {dag_id: name.removeprefix(TEAM_TAG) for dag_id, name in session.execute(query)}
    owners = session.execute(select(dag.c.dag_id, dag.c.owner))
    return {dag_id: Owned(owner, teams.get(dag_id, "")) for dag_id, owner in owners}
