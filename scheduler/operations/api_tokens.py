"""Tokens that programs carry (`Authorization: Bearer`): shown once, stored as a hash, gone with their account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from scheduler.errors import BadParams, BadRole, Conflict, NotFound
from scheduler.operations.accounts import asker_of, get_account
from scheduler.operations.names import check_name
from scheduler.security.rights import Asker, Right
from scheduler.security.roles import read_rights
from scheduler.security.tokens import hash_token, new_token
from scheduler.store import api_tokens
from scheduler.store.engine import Session
from scheduler.store.events import Event, append

#: By which a token is known for one, wherever it is found.
PREFIX: Final = "dirigent_"
LONGEST: Final = timedelta(days=3660)
#: Tokens of an account that count at once: those that were made by hand, and those that its password made.
MOST: Final = 100
MOST_BY_PASSWORD: Final = 1_000


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token, the one time that it is known."""

    id: int
    token: str
    expires_at: datetime | None


def create_token(
    session: Session,
    now: datetime,
    account: str,
    name: str,
    *,
    lasts: timedelta | None,
    rights: Sequence[str] = (),
    actor: str,
) -> FreshToken:
    """Make a token of an account, with all its rights or with these of them only.

    Raises NotFound, BadName, BadRole for a right that there is not, BadParams for a time that cannot be, Conflict
    beyond MOST. Of those that a password made, the oldest end beyond MOST_BY_PASSWORD.
    """
    get_account(session, account)
    check_name("token", name)
    _make_room(session, now, account, name)
    if lasts is not None and not timedelta() < lasts <= LONGEST:
        raise BadParams(f"A token lasts for 1 to {LONGEST.days} days, or without end.")
    token, expires_at = PREFIX + new_token(), now + lasts if lasts else None
    chosen = sorted(read_rights(rights)) if rights else None
    id_ = api_tokens.add_token(
        session, now, account, name, hash_token(token), expires_at=expires_at, rights=chosen
    )
    append(session, [Event(at=now, kind="token.created", actor=actor, reason=f"{id_} of {account}: {name}")])
    return FreshToken(id_, token, expires_at)


def _make_room(session: Session, now: datetime, account: str, name: str) -> None:
    if name in api_tokens.BY_PASSWORD:
        api_tokens.end_oldest(session, now, account, keep=MOST_BY_PASSWORD - 1)
    elif api_tokens.count_tokens(session, now, account) >= MOST:
        raise Conflict(
            f"{account} has {MOST} tokens that count: revoke one that nobody needs, then make this one."
        )


def create_own_token(
    session: Session, now: datetime, asker: Asker, name: str, *, lasts: timedelta, rights: Sequence[str]
) -> FreshToken:
    """Make a token of whoever asks. Raises what `create_token` does, and BadRole for a right that they lack."""
    wanted = sorted(read_rights(rights)) if rights else []
    if lacked := [right for right in wanted if not asker.may(right)]:
        raise BadRole(f"You lack {', '.join(lacked)}: a token of yours has rights of those that you have.")
    return create_token(
        session, now, asker.name, name, lasts=lasts, rights=rights, actor=f"user:{asker.name}"
    )


def revoke_token(session: Session, now: datetime, token_id: int, *, actor: str) -> None:
    """Let a token count no more. Raises NotFound where it did not."""
    found = api_tokens.revoke_token(session, now, token_id)
    if found is None:
        raise NotFound("token that counts", str(token_id), hint="`dirigent tokens list` lists them.")
    reason = f"{found.id} of {found.account}: {found.name}"
    append(session, [Event(at=now, kind="token.revoked", actor=actor, reason=reason)])


def revoke_own_token(session: Session, now: datetime, account: str, token_id: int) -> None:
    """Let a token of an account count no more, asked for by the account itself. Raises NotFound for another's."""
    if all(each.id != token_id for each in api_tokens.list_tokens(session, account)):
        raise NotFound("token of yours", str(token_id))
    revoke_token(session, now, token_id, actor=f"user:{account}")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who carries a token, and whether it is to be noted that it was used."""

    asker: Asker
    token_id: int
    is_to_be_noted: bool


def find_bearer(session: Session, now: datetime, token: str) -> Bearer | None:
    """Return who carries a token, with the rights that it leaves them; None where it does not count."""
    found = api_tokens.find_token(session, now, hash_token(token)) if token.startswith(PREFIX) else None
    if found is None:
        return None
    asker = asker_of(session, found.account, "token")
    if found.rights is not None:
        chosen = frozenset(right for right in Right if right in found.rights)
        asker = replace(
            asker, grants=tuple(replace(each, rights=each.rights & chosen) for each in asker.grants)
        )
    used_at = found.last_used_at
    return Bearer(asker, found.id, used_at is None or now - used_at > api_tokens.NOTED_EVERY)


def note_used(session: Session, now: datetime, token_id: int) -> None:
    """Note that a token is used."""
    api_tokens.note_used(session, now, token_id)
