"""Sign-in links and sessions of the page. Only hashes of tokens are stored: no reader of them can sign in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import account, sign_in_token
from scheduler.store.tables import session as web_session

#: How somebody proved who they are.
Proof: TypeAlias = Literal["link", "password", "oidc"]

S = web_session.c
K = sign_in_token.c

#: How long a link waits to be used, and how long a session lasts.
LINK_LIFETIME: Final = timedelta(minutes=15)
LIFETIME: Final = timedelta(days=30)
#: A session that nobody uses ends sooner.
IDLE_FOR: Final = timedelta(days=14)
#: That it is used is noted no more often than this.
NOTED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in by a token, how they came in, and when that was noted last."""

    user_name: str
    proof: Proof
    last_seen_at: datetime
    looks: Mapping[str, str]  #: what their account keeps


def add_link(session: Session, now: datetime, token_hash: str) -> None:
    """Store a link that signs in once, within LINK_LIFETIME."""
    session.execute(sa.insert(sign_in_token).values(hash=token_hash, expires_at=now + LINK_LIFETIME))


def use_link(session: Session, now: datetime, token_hash: str) -> bool:
    """Use up a link; false where it is unknown, expired or used. Of two at once, one wins."""
    statement = (
        sa.update(sign_in_token)
        .where(K.hash == token_hash, K.used_at.is_(None), K.expires_at > now)
        .values(used_at=now)
    )
    return session.execute(statement).rowcount > 0


def open_session(session: Session, now: datetime, token_hash: str, user_name: str, proof: Proof) -> None:
    """Store that somebody signed in, for LIFETIME."""
    values = {
        "hash": token_hash,
        "user_name": user_name,
        "proof": proof,
        "created_at": now,
        "last_seen_at": now,
    }
    session.execute(sa.insert(web_session).values(**values, expires_at=now + LIFETIME))


def find_user(session: Session, now: datetime, token_hash: str) -> SignedIn | None:
    """Return who is signed in by this token; None where it is unknown, expired, long unused or revoked.

    Nor where the account is gone or disabled; whoever came by a link needs none.
    """
    is_young = (S.revoked_at.is_(None), S.expires_at > now, S.last_seen_at > now - IDLE_FOR)
    is_good = (*is_young, sa.or_(S.proof == "link", account.c.is_active))
    row = session.execute(
        sa.select(S.user_name, S.proof, S.last_seen_at, account.c.looks)
        .outerjoin(account, account.c.name == S.user_name)
        .where(S.hash == token_hash, *is_good)
    ).first()
    return None if row is None else SignedIn(*row[:3], row[3] or {})


def note_seen(session: Session, now: datetime, token_hash: str) -> None:
    """Note that a session is used."""
    session.execute(sa.update(web_session).where(S.hash == token_hash).values(last_seen_at=now))


def revoke_session(session: Session, now: datetime, token_hash: str) -> bool:
    """Sign one session out; false where it was not signed in."""
    statement = sa.update(web_session).where(S.hash == token_hash, S.revoked_at.is_(None))
    return session.execute(statement.values(revoked_at=now)).rowcount > 0


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that counts, by the hash of its token."""

    hash: str
    proof: Proof
    created_at: datetime
    last_seen_at: datetime


def list_open(session: Session, now: datetime, user_name: str, *, is_link: bool) -> list[OpenSession]:
    """Return the sessions of an account that count, or of whoever came by a link; those used last come first."""
    query = (
        sa.select(S.hash, S.proof, S.created_at, S.last_seen_at)
        .where(*_own(user_name, is_link=is_link), S.expires_at > now, S.last_seen_at > now - IDLE_FOR)
        .order_by(S.last_seen_at.desc(), S.hash)
    )
    return [OpenSession(*row) for row in session.execute(query)]


def end_open(
    session: Session, now: datetime, user_name: str, hashes: Collection[str], *, is_link: bool
) -> int:
    """End some sessions of an account, or of whoever came by a link; return how many."""
    statement = sa.update(web_session).where(*_own(user_name, is_link=is_link), S.hash.in_(hashes))
    return session.execute(statement.values(revoked_at=now)).rowcount


def _own(user_name: str, *, is_link: bool) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        S.user_name == user_name,
        S.proof == "link" if is_link else S.proof != "link",
        S.revoked_at.is_(None),
    )


def revoke_of(session: Session, now: datetime, user_name: str) -> int:
    """End the sessions of an account; return how many. Whoever came by a link is no account."""
    mine = (S.user_name == user_name, S.proof != "link", S.revoked_at.is_(None))
    return session.execute(sa.update(web_session).where(*mine).values(revoked_at=now)).rowcount


def revoke_all(session: Session, now: datetime) -> int:
    """End all sessions, and use up all links; return how many sessions that ended."""
    session.execute(sa.update(sign_in_token).where(K.used_at.is_(None)).values(used_at=now))
    statement = sa.update(web_session).where(S.revoked_at.is_(None), S.expires_at > now)
    return session.execute(statement.values(revoked_at=now)).rowcount


def delete_stale(session: Session, before: datetime) -> int:
    """Delete links and sessions that expired before an instant; return how many."""
    deleted = [
        session.execute(sa.delete(table).where(table.c.expires_at < before)).rowcount
        for table in (sign_in_token, web_session)
    ]
    return sum(deleted)
