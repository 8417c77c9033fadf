"""Roles as people write them: `Op`, `User@team:crew`, `Viewer@dag:orders_hourly`, `User@tag:critical`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scheduler.core.scopes import EVERYTHING, Scope
from scheduler.errors import BadRole
from scheduler.security.rights import ROLES, Grant, Right, with_sight

_KINDS: Final = ("dag", "tag", "team")


@dataclass(frozen=True, slots=True)
class RoleText:
    """A role, and what it is about: everything where `kind` is empty."""

    role: str
    kind: str = ""
    value: str = ""

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.role}@{self.kind}:{self.value}" if self.kind else self.role


def read_role(text: str) -> RoleText:
    """Read one. Raises BadRole."""
    role, at, about = text.strip().partition("@")
    kind, colon, value = about.partition(":")
    if not role or (at and not (kind in _KINDS and colon and value)):
        raise BadRole(
            f"{text!r} is no role. Write {', '.join(ROLES)} or one of your own; about some DAGs only: "
            "User@team:NAME, User@dag:DAG_ID or User@tag:TAG."
        )
    return RoleText(role, kind, value)


def check_known(texts: Iterable[RoleText], own: Iterable[str]) -> None:
    """Raise BadRole for a role that is not there."""
    known = [*ROLES, *own]
    for each in texts:
        if each.role not in known:
            raise BadRole(f"There is no role {each.role!r}. There are: {', '.join(known)}.")


def read_rights(names: Sequence[str]) -> frozenset[Right]:
    """Read the rights of a role or a token, with those to see what they change. Raises BadRole."""
    unknown = [name for name in names if name not in set(Right)]
    if unknown or not names:
        raise BadRole(f"{', '.join(unknown) or 'Nothing'} is no right. There are: {', '.join(Right)}.")
    return frozenset(with_sight(Right(name) for name in names))


def grant_of(text: RoleText, own_rights: Sequence[str] | None = None) -> Grant:
    """Return what a role grants. One that is gone, and a right of a newer release, grant nothing."""
    rights = ROLES.get(text.role) or frozenset(Right(name) for name in own_rights or () if name in set(Right))
    return Grant(rights, _scope(text), str(text))


def _scope(text: RoleText) -> Scope:
    values = frozenset({text.value})
    match text.kind:
        case "":
            return EVERYTHING
        case "dag":
            return Scope(dag_ids=values)
        case "tag":
            return Scope(tags=values)
        case "team":
            return Scope(teams=values)
        case _:
            return Scope()
