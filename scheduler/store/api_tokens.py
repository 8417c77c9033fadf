"""Tokens that programs come in by. Only their hashes are stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import account, api_token

T = api_token.c

#: That a token is used is noted no more often than this.
NOTED_EVERY: Final = timedelta(minutes=10)
#: What the tokens are called that were made for name and password: for a program, and for a command line.
BY_PASSWORD: Final = ("sign-in", "sign-in of a command line")


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its hash."""

    id: int
    account: str
    name: str
    rights: tuple[str, ...] | None  #: of those that the account has; None: all of them
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


_COLUMNS: Final = tuple(T[name] for name in Token.__slots__)


def _token(row: sa.Row[Any]) -> Token:
    values = dict(row._mapping)
    rights = values.pop("rights")
    return Token(**values, rights=None if rights is None else tuple(rights))


def add_token(
    session: Session,
    now: datetime,
    account_name: str,
    name: str,
    token_hash: str,
    *,
    expires_at: datetime | None,
    rights: Sequence[str] | None = None,
) -> int:
    """Store a token; return its id."""
    values = {
        "account": account_name,
        "name": name,
        "hash": token_hash,
        "rights": None if rights is None else sorted(rights),
        "created_at": now,
        "expires_at": expires_at,
    }
    return int(session.execute(sa.insert(api_token).values(values).returning(T.id)).scalar_one())


def count_tokens(session: Session, now: datetime, account_name: str) -> int:
    """Count the tokens of an account that count, but for those that its password made."""
    query = sa.select(sa.func.count()).select_from(api_token)
    return session.scalar(query.where(_is_of(account_name, now), T.name.not_in(BY_PASSWORD))) or 0


def end_oldest(session: Session, now: datetime, account_name: str, *, keep: int) -> None:
    """Of the tokens that the password of an account made, let no more count than the newest."""
    mine = sa.select(T.id).where(_is_of(account_name, now), T.name.in_(BY_PASSWORD))
    old = session.scalars(mine.order_by(T.id.desc()).offset(keep)).all()
    if old:
        session.execute(sa.update(api_token).where(T.id.in_(old)).values(revoked_at=now))


def _is_of(account_name: str, now: datetime) -> sa.ColumnElement[bool]:
    """The condition that a token is of an account, and counts."""
    lasts = sa.or_(T.expires_at.is_(None), T.expires_at > now)
    return sa.and_(T.account == account_name, T.revoked_at.is_(None), lasts)


def find_token(session: Session, now: datetime, token_hash: str) -> Token | None:
    """Return a token that counts; None where it is unknown, expired or revoked, or its account is disabled."""
    is_good = (
        T.revoked_at.is_(None),
        sa.or_(T.expires_at.is_(None), T.expires_at > now),
        account.c.is_active,
    )
    joined = sa.select(*_COLUMNS).join(account, account.c.name == T.account)
    row = session.execute(joined.where(T.hash == token_hash, *is_good)).first()
    return None if row is None else _token(row)


def note_used(session: Session, now: datetime, token_id: int) -> None:
    """Note that a token is used."""
    session.execute(sa.update(api_token).where(T.id == token_id).values(last_used_at=now))


def list_tokens(session: Session, account_name: str | None = None) -> list[Token]:
    """Return the tokens of an account or of all, newest first."""
    query = sa.select(*_COLUMNS).order_by(T.id.desc())
    if account_name is not None:
        query = query.where(T.account == account_name)
    return [_token(row) for row in session.execute(query)]


def revoke_token(session: Session, now: datetime, token_id: int) -> Token | None:
    """Let a token count no more; None where it did not."""
    statement = sa.update(api_token).where(T.id == token_id, T.revoked_at.is_(None)).values(revoked_at=now)
    row = session.execute(statement.returning(*_COLUMNS)).first()
    return None if row is None else _token(row)


def revoke_tokens(
    session: Session, now: datetime, account_name: str, names: Collection[str] | None = None
) -> int:
    """Let no token of an account count any more, or none of these names; return how many did."""
    statement = sa.update(api_token).where(T.account == account_name, T.revoked_at.is_(None))
    if names is not None:
        statement = statement.where(T.name.in_(names))
    return session.execute(statement.values(revoked_at=now)).rowcount


def delete_old_tokens(session: Session, before: datetime) -> int:
    """Delete tokens that expired or were revoked before an instant; return how many."""
    is_old = sa.or_(T.expires_at < before, T.revoked_at < before)
    return session.execute(sa.delete(api_token).where(is_old)).rowcount
