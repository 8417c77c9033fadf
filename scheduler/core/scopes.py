"""Which DAGs somebody's rights are about: all, or those of some names, tags or teams.

A DAG belongs to the team that its tag `team:<name>` names (of several the first by name), so a file says itself whose
it is. Nobody's DAG is seen by those only whose rights are about all, or about its name or another tag of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TypeAlias

#: What stands before a team's name in the tag of its DAGs.
TEAM_TAG = "team:"


@dataclass(frozen=True, slots=True)
class Scope:
    """Some DAGs: those of which any of these is true."""

    is_all: bool = False
    dag_ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()

    def __or__(self, other: Scope) -> Scope:
        """Return what is in either."""
        return Scope(
            self.is_all or other.is_all,
            self.dag_ids | other.dag_ids,
            self.tags | other.tags,
            self.teams | other.teams,
        )

    @property
    def is_empty(self) -> bool:
        """Whether no DAG can be in it."""
        return self == NOTHING


EVERYTHING = Scope(is_all=True)
NOTHING = Scope()

#: What is in each of these scopes; none: everything.
Sight: TypeAlias = tuple[Scope, ...]


def sight_of(*scopes: Scope) -> Sight:
    """Return what is in each of the scopes, in as few as say it: equal scopes, equal sight."""
    return tuple(dict.fromkeys(scope for scope in scopes if not scope.is_all))


def union(*scopes: Scope) -> Scope:
    """Return what is in any of the scopes."""
    return reduce(or_, scopes, NOTHING)
