"""One-time links that sign in. `dirigent login` prints one; the page takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.security.rights import Asker, owner
from scheduler.security.tokens import hash_token, new_token
from scheduler.store import sessions
from scheduler.store.engine import Session


def make_link(session: Session, now: datetime, base_url: str) -> str:
    """Return a link that signs in once, within `sessions.LINK_LIFETIME`. Only its hash is stored."""
    token = new_token()
    sessions.add_link(session, now, hash_token(token))
    return f"{base_url.rstrip('/')}/sign-in?token={token}"


def sign_in(session: Session, now: datetime, token: str, user_name: str) -> str | None:
    """Use a link up and open a session; return the session's token, or None where the link does not count."""
    if not sessions.use_link(session, now, hash_token(token)):
        return None
    fresh = new_token()
    sessions.open_session(session, now, hash_token(fresh), user_name)
    return fresh


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and when that was noted last."""

    asker: Asker
    last_seen_at: datetime


def find_asker(session: Session, now: datetime, token: str) -> SignedIn | None:
    """Return who is signed in by a session's token, with what they may do, or None."""
    found = sessions.find_user(session, now, hash_token(token))
    return None if found is None else SignedIn(owner(found.user_name), found.last_seen_at)


def note_seen(session: Session, now: datetime, token: str) -> None:
    """Note that a session is used; to be called where `SignedIn.last_seen_at` is older than `NOTED_EVERY`."""
    sessions.note_seen(session, now, hash_token(token))


def sign_out(session: Session, now: datetime, token: str) -> bool:
    """End a session on the server; false where it had ended."""
    return sessions.revoke_session(session, now, hash_token(token))


def sign_out_everywhere(session: Session, now: datetime) -> int:
    """End all sessions, and let no link that was made before sign in; return how many sessions that ended."""
    return sessions.revoke_all(session, now)
