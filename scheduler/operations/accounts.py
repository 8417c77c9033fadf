"""Accounts of people and programs: who may come in, and with which roles. Each change is an event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from scheduler.errors import AlreadyExists, BadName, BadRole, Conflict, NotFound
from scheduler.security.passwords import check_password, hash_password
from scheduler.security.rights import ROLES, Asker, Right
from scheduler.security.roles import RoleText, check_known, grant_of, read_rights, read_role
from scheduler.store import accounts, sessions
from scheduler.store.accounts import Account, GrantRow
from scheduler.store.api_tokens import BY_PASSWORD, revoke_tokens
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.saved_filters import delete_filters_of

#: The name of whoever comes in by a one-time link; no account may have it.
OWNER: Final = "owner"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,249}")


def create_account(
    session: Session,
    now: datetime,
    name: str,
    *,
    roles: Sequence[str],
    password: str | None = None,
    is_service: bool = False,
    subject: str | None = None,
    actor: str,
) -> None:
    """Create an account. Raises BadName, BadPassword, BadRole, AlreadyExists."""
    if not _NAME.fullmatch(name) or name == OWNER:
        raise BadName("user", name)
    grants = _read_roles(session, roles)
    hashed = None if password is None else hash_password(check_password(password, name))
    values = {"password_hash": hashed, "is_service": is_service, "subject": subject}
    if not accounts.add_account(session, now, name, **values):
        raise AlreadyExists("user", name)
    accounts.replace_roles(session, name, grants)
    _note(session, now, "created", name, actor, ", ".join(map(str, _texts(grants))))


def set_roles(session: Session, now: datetime, name: str, roles: Sequence[str], *, actor: str) -> None:
    """Let an account have these roles and no others, from its next request on. Raises NotFound, BadRole."""
    get_account(session, name)
    grants = _read_roles(session, roles)
    accounts.replace_roles(session, name, grants)
    _note(session, now, "roles", name, actor, ", ".join(map(str, _texts(grants))))


def set_password(session: Session, now: datetime, name: str, password: str, *, actor: str) -> None:
    """Set a password; whoever came in by the old one, with a browser or for a token, signs in again.

    Raises NotFound, BadPassword, Conflict.
    """
    if get_account(session, name).is_service:
        raise Conflict(f"{name!r} is a service account: it comes in by tokens (`dirigent tokens create`).")
    accounts.change_account(session, name, password_hash=hash_password(check_password(password, name)))
    sessions.revoke_of(session, now, name)
    revoke_tokens(session, now, name, BY_PASSWORD)
    _note(session, now, "password", name, actor)


def set_active(session: Session, now: datetime, name: str, *, is_active: bool, actor: str) -> None:
    """Let an account in again, or not; then its sessions end, and its tokens count no more. Raises NotFound."""
    get_account(session, name)
    accounts.change_account(session, name, is_active=is_active)
    if not is_active:
        sessions.revoke_of(session, now, name)
        revoke_tokens(session, now, name)
    _note(session, now, "enabled" if is_active else "disabled", name, actor)


def remove_account(session: Session, now: datetime, name: str, *, actor: str) -> None:
    """Delete an account with its roles, tokens and sessions; what it did stays. Raises NotFound."""
    get_account(session, name)
    sessions.revoke_of(session, now, name)
    delete_filters_of(session, name)
    accounts.delete_account(session, name)
    _note(session, now, "deleted", name, actor)


def get_account(session: Session, name: str) -> Account:
    """Return an account. Raises NotFound."""
    found = accounts.find_account(session, name)
    if found is None:
        raise NotFound("user", name, hint="`dirigent users list` lists them.")
    return found


def roles_of(session: Session, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the roles of accounts as people write them."""
    return {name: tuple(map(str, _texts(rows))) for name, rows in accounts.load_roles(session, names).items()}


def keep_look(session: Session, asker: Asker, look: str, value: str) -> bool:
    """Keep a choice of how the pages look with an account; false for who came by a link, and has none."""
    return asker.proof != "link" and accounts.put_look(session, asker.name, look, value)


def asker_of(session: Session, name: str, proof: str) -> Asker:
    """Return what an account may do."""
    rows = accounts.load_roles(session, [name]).get(name, ())
    grants = (grant_of(text, row.rights) for text, row in zip(_texts(rows), rows, strict=True))
    return Asker(name, proof, tuple(grants))


def set_role(session: Session, now: datetime, name: str, rights: Sequence[str], *, actor: str) -> list[Right]:
    """Make a role, or replace its rights: whoever has it has them at once; return them. Raises BadRole, BadName."""
    if name in ROLES:
        raise BadRole(f"The role {name!r} is always there and stays as it is; make one of another name.")
    if not _NAME.fullmatch(name) or "@" in name:
        raise BadName("role", name)
    held = sorted(read_rights(rights))
    accounts.put_role(session, name, held)
    append(session, [Event(at=now, kind="role.set", actor=actor, reason=name)])
    return held


def remove_role(session: Session, now: datetime, name: str, *, actor: str) -> None:
    """Delete a role that people made, and take it from whoever has it. Raises NotFound."""
    if not accounts.delete_role(session, name):
        raise NotFound("role of your own", name)
    append(session, [Event(at=now, kind="role.deleted", actor=actor, reason=name)])


def _read_roles(session: Session, roles: Iterable[str]) -> list[GrantRow]:
    texts = [read_role(each) for each in roles]
    check_known(texts, accounts.list_roles(session))
    return [GrantRow(each.role, each.kind, each.value) for each in texts]


def _texts(rows: Iterable[GrantRow]) -> list[RoleText]:
    return [RoleText(each.role, each.kind, each.value) for each in rows]


def _note(session: Session, now: datetime, what: str, name: str, actor: str, more: str = "") -> None:
    reason = f"{name}: {more}" if more else name
    append(session, [Event(at=now, kind=f"user.{what}", actor=actor, reason=reason)])
