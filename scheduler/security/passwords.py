"""Passwords: argon2id, and what one must be."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from scheduler.errors import BadPassword

#: OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
#: Hashing takes memory and a core: a crowd at the door waits for its turn.
_TURNS: Final = BoundedSemaphore(2)
SHORTEST: Final = 8
LONGEST: Final = 1000


def check_password(password: str, name: str) -> str:
    """Return a password that may be set. Raises BadPassword, which never repeats it."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadPassword(f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}.")
    if password.strip().lower() == name.lower() or len(set(password)) == 1:
        raise BadPassword("This password is the name itself, or one character again and again.")
    return password


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    with _TURNS:
        return _HASHER.hash(password)


#: Verified where there is nobody, so that a wrong name takes as long as a wrong password.
_NOBODYS: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$lXyIUL6ZwFeCBdx9bAowGw$lSTwKPXS5fN3wS902L8kvjZaNwSmcRAXIatnQoXMYfs"
)


def is_password(stored: str | None, password: str) -> bool:
    """Tell whether a password is the stored one; takes the same time where none is stored."""
    with _TURNS:
        try:
            _HASHER.verify(stored or _NOBODYS, password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Tell whether a stored hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
