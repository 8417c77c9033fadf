"""Accounts, the roles that they have, and roles that people made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import account, account_role, role
from scheduler.store.upsert import insert_into, replacing

A = account.c
R = account_role.c


@dataclass(frozen=True, slots=True)
class Account:
    """One account, without its password's hash."""

    name: str
    is_active: bool
    is_service: bool
    has_password: bool
    subject: str | None
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role that an account has: about everything (`kind` is empty), or about a DAG, a tag or a team."""

    role: str
    kind: str = ""
    value: str = ""
    rights: tuple[str, ...] | None = None  #: of a role that people made


_HAS_PASSWORD = A.password_hash.is_not(None).label("has_password")
_COLUMNS = (A.name, A.is_active, A.is_service, _HAS_PASSWORD, A.subject, A.created_at, A.last_seen_at)


def add_account(session: Session, now: datetime, name: str, **values: Any) -> bool:
    """Store an account; false where there is one of this name."""
    statement = insert_into(session, account).values(name=name, created_at=now, **values)
    return session.scalar(statement.on_conflict_do_nothing().returning(A.name)) is not None


def has_accounts(session: Session) -> bool:
    """Tell whether there is any."""
    return session.scalar(sa.select(A.name).limit(1)) is not None


def find_account(session: Session, name: str) -> Account | None:
    """Return one, or None."""
    row = session.execute(sa.select(*_COLUMNS).where(A.name == name)).first()
    return None if row is None else Account(*row)


def find_by_subject(session: Session, subject: str) -> Account | None:
    """Return whose account this is at another place of sign-in, or None."""
    row = session.execute(sa.select(*_COLUMNS).where(A.subject == subject)).first()
    return None if row is None else Account(*row)


def list_accounts(session: Session) -> list[Account]:
    """Return all, by name."""
    return [Account(*row) for row in session.execute(sa.select(*_COLUMNS).order_by(A.name))]


def password_of(session: Session, name: str) -> str | None:
    """Return the hash of the password of an account that may come in; None where there is none."""
    return session.scalar(sa.select(A.password_hash).where(A.name == name, A.is_active))


def change_account(session: Session, name: str, **values: Any) -> bool:
    """Set columns of an account; false where there is none."""
    return session.execute(sa.update(account).where(A.name == name).values(**values)).rowcount > 0


def put_look(session: Session, name: str, look: str, value: str) -> bool:
    """Keep one choice beside the others of an account; false where there is none."""
    row = session.execute(sa.select(A.looks).where(A.name == name).with_for_update()).first()
    return row is not None and change_account(session, name, looks={**(row[0] or {}), look: value})


def delete_account(session: Session, name: str) -> bool:
    """Delete an account with its roles and tokens; false where there was none."""
    return session.execute(sa.delete(account).where(A.name == name)).rowcount > 0


def replace_roles(session: Session, name: str, grants: Collection[GrantRow]) -> None:
    """Let an account have these roles and no others."""
    session.execute(sa.delete(account_role).where(R.account == name))
    rows = [{"account": name, "role": each.role, "kind": each.kind, "value": each.value} for each in grants]
    if rows:
        session.execute(insert_into(session, account_role).on_conflict_do_nothing(), rows)


def load_roles(session: Session, names: Collection[str]) -> dict[str, tuple[GrantRow, ...]]:
    """Return the roles of accounts, by account; one statement."""
    query = (
        sa.select(R.account, R.role, R.kind, R.value, role.c.rights)
        .outerjoin(role, role.c.name == R.role)
        .where(R.account.in_(names))
        .order_by(R.account, R.role, R.kind, R.value)
    )
    found: dict[str, tuple[GrantRow, ...]] = {}
    for name, role_name, kind, value, rights in session.execute(query):
        grant = GrantRow(role_name, kind, value, None if rights is None else tuple(rights))
        found[name] = (*found.get(name, ()), grant)
    return found


def put_role(session: Session, name: str, rights: Sequence[str]) -> None:
    """Make a role, or replace its rights."""
    statement = replacing(insert_into(session, role), "rights")
    session.execute(statement, {"name": name, "rights": sorted(rights)})


def list_roles(session: Session) -> dict[str, tuple[str, ...]]:
    """Return the roles that people made, with their rights."""
    query = sa.select(role.c.name, role.c.rights).order_by(role.c.name)
    return {name: tuple(rights) for name, rights in session.execute(query)}


def delete_role(session: Session, name: str) -> bool:
    """Delete a role, and take it from everybody who has it; false where there was none."""
    session.execute(sa.delete(account_role).where(R.role == name))
    return session.execute(sa.delete(role).where(role.c.name == name)).rowcount > 0
