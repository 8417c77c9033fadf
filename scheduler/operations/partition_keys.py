"""Keys of partitions, as people give them."""

from __future__ import annotations

from typing import Final

from scheduler.errors import BadParams

_LONGEST: Final = 250


def check_partition_key(key: str | None) -> str | None:
    """Return a key that may be used; nothing at all is none. Raises BadParams for one that is too long or blank."""
    if not key:
        return None
    if not key.strip() or len(key) > _LONGEST:
        raise BadParams(
            f"The partition key {key[:40]!r} must have 1 to {_LONGEST} characters, and not only blanks."
        )
    return key
