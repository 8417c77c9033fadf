"""Coming in: by a link that works once, which `dirigent login` prints, or by name and password."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from scheduler.operations.accounts import OWNER, asker_of
from scheduler.operations.names import as_line
from scheduler.security.passwords import hash_password, is_outdated, is_password
from scheduler.security.rights import Asker, owner
from scheduler.security.tokens import hash_token, new_token
from scheduler.store import accounts, sessions
from scheduler.store.engine import Database, Session
from scheduler.store.events import Event, append
from scheduler.store.sign_in_failures import count_try, forget_tries

#: Tries of late after which no more are heard: for a name from one address, from an address, for a name.
_MOST_HERE: Final = 5
_MOST_FROM: Final = 30
_MOST_FOR: Final = 50


def make_link(session: Session, now: datetime, base_url: str) -> str:
    """Return a link that signs in once, within `sessions.LINK_LIFETIME`. Only its hash is stored."""
    token = new_token()
    sessions.add_link(session, now, hash_token(token))
    return f"{base_url.rstrip('/')}/sign-in?token={token}"


def sign_in(session: Session, now: datetime, token: str) -> str | None:
    """Use a link up and open a session; return the session's token, or None where the link does not count."""
    if not sessions.use_link(session, now, hash_token(token)):
        return None
    return open_session(session, now, OWNER, "link")


def open_session(session: Session, now: datetime, name: str, proof: sessions.Proof) -> str:
    """Sign somebody in who proved who they are; return the session's token."""
    fresh = new_token()
    sessions.open_session(session, now, hash_token(fresh), name, proof)
    if proof != "link":
        accounts.change_account(session, name, last_seen_at=now)
    append(session, [Event(at=now, kind="user.signed_in", actor=f"user:{name}", reason=proof)])
    return fresh


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody is signed in; why is not for whoever tries to know."""

    is_too_often: bool


def prove_password(db: Database, now: datetime, name: str, password: str, address: str) -> Refused | None:
    """Hold a password against that of an account; None: it is right.

    It takes the same time and says the same whether there is such an account, whether it has a password, and whether it
    is disabled. Tries are counted before anything is compared, so that many at once count as many.
    """
    keys = _keys(name, address)
    if db.transact(lambda session: _is_too_often(session, now, keys)):
        return Refused(is_too_often=True)
    with db.read() as session:
        stored = accounts.password_of(session, name)
    # Outside of any transaction: it takes its time.
    if not is_password(stored, password):
        db.transact(lambda session: _note_refused(session, now, name, address))
        return Refused(is_too_often=False)
    fresh = hash_password(password) if stored and is_outdated(stored) else None
    db.transact(lambda session: _note_proven(session, name, keys, fresh))
    return None


def _keys(name: str, address: str) -> dict[str, int]:
    """Return what tries are counted by, and how many are heard of each."""
    hashed = hash_token(name.lower())
    return {f"here:{hashed}:{address}": _MOST_HERE, f"from:{address}": _MOST_FROM, f"for:{hashed}": _MOST_FOR}


def _is_too_often(session: Session, now: datetime, keys: dict[str, int]) -> bool:
    counts = {key: count_try(session, now, key) for key in keys}
    return any(counts[key] > most for key, most in keys.items())


def _note_refused(session: Session, now: datetime, name: str, address: str) -> None:
    actor = f"user:{as_line(name[:250])}"
    append(session, [Event(at=now, kind="user.refused", actor=actor, reason=f"sign-in from {address}")])


def _note_proven(session: Session, name: str, keys: dict[str, int], fresh: str | None) -> None:
    forget_tries(session, [key for key in keys if not key.startswith("from:")])
    if fresh:
        accounts.change_account(session, name, password_hash=fresh)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, when that was noted last, and how their account wants the pages to look."""

    asker: Asker
    last_seen_at: datetime
    looks: Mapping[str, str] = field(default_factory=dict)


def find_asker(session: Session, now: datetime, token: str) -> SignedIn | None:
    """Return who is signed in by a session's token, with what they may do, or None."""
    found = sessions.find_user(session, now, hash_token(token))
    if found is None:
        return None
    is_link = found.proof == "link"
    asker = owner(found.user_name) if is_link else asker_of(session, found.user_name, found.proof)
    return SignedIn(asker, found.last_seen_at, found.looks)


def note_seen(session: Session, now: datetime, token: str) -> None:
    """Note that a session is used; to be called where `SignedIn.last_seen_at` is older than `NOTED_EVERY`."""
    sessions.note_seen(session, now, hash_token(token))


def sign_out(session: Session, now: datetime, token: str) -> bool:
    """End a session on the server; false where it had ended."""
    return sessions.revoke_session(session, now, hash_token(token))


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session of whoever asks; `is_this` is the one that they ask by."""

    id: str
    proof: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


def list_sessions(session: Session, now: datetime, asker: Asker, token: str) -> list[OwnSession]:
    """Return where whoever asks is signed in, known by the hash of each session's token."""
    found = sessions.list_open(session, now, asker.name, is_link=asker.proof == "link")
    this = hash_token(token)
    return [
        OwnSession(each.hash, each.proof, each.created_at, each.last_seen_at, each.hash == this)
        for each in found
    ]


def end_sessions(session: Session, now: datetime, asker: Asker, ids: Collection[str]) -> int:
    """End sessions of whoever asks, and of nobody else; return how many."""
    ended = sessions.end_open(session, now, asker.name, ids, is_link=asker.proof == "link")
    if ended:
        actor = f"user:{asker.name}"
        append(session, [Event(at=now, kind="user.signed_out", actor=actor, reason=f"{ended} sessions")])
    return ended


def sign_out_everywhere(session: Session, now: datetime) -> int:
    """End all sessions, and let no link that was made before sign in; return how many sessions that ended."""
    return sessions.revoke_all(session, now)
