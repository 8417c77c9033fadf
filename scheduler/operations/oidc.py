"""Coming in by another place of sign-in (OpenID Connect): which account somebody is, and with which roles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.errors import Forbidden
from scheduler.operations.accounts import create_account, roles_of, set_roles
from scheduler.store import accounts
from scheduler.store.engine import Session


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is there: the place and their number at it, the name they go by, the groups they are in."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str] = frozenset()


def roles_for(groups: Collection[str], mapping: Sequence[str]) -> list[str]:
    """Return the roles of whoever is in these groups; `mapping` holds GROUP=ROLE, `*` stands for everybody."""
    pairs = (each.rpartition("=") for each in mapping)
    return list(dict.fromkeys(role for group, _, role in pairs if group in groups or group == "*"))


def admit(session: Session, now: datetime, who: Identity, mapping: Sequence[str]) -> str:
    """Return the name of somebody's account, made at their first sign-in; their roles are those of their groups by now.

    An account of that name that is not theirs is never taken over. Raises Forbidden, BadName, BadRole.
    """
    actor, subject = f"oidc:{who.issuer}", f"{who.issuer} {who.subject}"
    roles = roles_for(who.groups, mapping)
    found = accounts.find_by_subject(session, subject)
    if not roles:
        raise Forbidden(
            "No group that you are in has a role here. Whoever administers this server can give it one."
        )
    if found is None:
        if accounts.find_account(session, who.name) is not None:
            raise Forbidden(f"There is a user {who.name!r} here who signs in otherwise.")
        create_account(session, now, who.name, roles=roles, subject=subject, actor=actor)
        return who.name
    if not found.is_active:
        raise Forbidden("You cannot sign in here any more. Whoever administers this server knows why.")
    if sorted(roles_of(session, [found.name]).get(found.name, ())) != sorted(roles):
        set_roles(session, now, found.name, roles, actor=actor)
    return found.name


def withdraw(session: Session, now: datetime, who: Identity, mapping: Sequence[str]) -> None:
    """Take its roles from the account of somebody whose groups have none any more: their tokens may do nothing then."""
    found = accounts.find_by_subject(session, f"{who.issuer} {who.subject}")
    if (
        found is not None
        and not roles_for(who.groups, mapping)
        and accounts.load_roles(session, [found.name])
    ):
        set_roles(session, now, found.name, [], actor=f"oidc:{who.issuer}")
