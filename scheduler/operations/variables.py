"""Set and delete variables. Values stand encrypted in their table, and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from scheduler.errors import NotFound, TooLarge
from scheduler.operations.names import check_name, check_text
from scheduler.store.ciphers import Cipher
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.transaction import request_wake
from scheduler.store.variables import delete_variable, get_variable, put_variable

LIMIT_BYTES: Final = 1_000_000


def read_variable(session: Session, cipher: Cipher, key: str) -> str:
    """Return the value of a variable. Raises NotFound."""
    value = get_variable(session, cipher, key)
    if value is None:
        raise NotFound("variable", key)
    return value


def set_variable(
    session: Session,
    now: datetime,
    cipher: Cipher,
    key: str,
    value: str,
    *,
    description: str | None = None,
    actor: str,
) -> None:
    """Set a variable; the description stays where None is given. Files that read it are parsed again.

    Raises BadName and TooLarge.
    """
    check_variable(key, value, description or "")
    put_variable(session, now, cipher, key, value, description=description)
    append(session, [Event(at=now, kind="variable.set", actor=actor, reason=key)])
    request_wake(session)


def check_variable(key: str, value: str, description: str = "") -> None:
    """Raise BadName, BadParams and TooLarge for what cannot be set."""
    check_name("variable", key)
    check_text(f"The value of variable {key!r}", value.replace("\0", ""))  # encrypted, it may hold one
    check_text(f"The description of variable {key!r}", description)
    size = len(value.encode())
    if size > LIMIT_BYTES:
        raise TooLarge(f"The value of variable {key!r}", size, LIMIT_BYTES)


def remove_variable(session: Session, now: datetime, key: str, *, actor: str) -> None:
    """Delete a variable. Raises NotFound."""
    if not delete_variable(session, key):
        raise NotFound("variable", key)
    append(session, [Event(at=now, kind="variable.deleted", actor=actor, reason=key)])
    request_wake(session)
