"""Numbers that stand in an address, no larger than a database and a file take."""

from __future__ import annotations

from typing import Final

#: What a browser counts exactly; a hundred times that still fits into 64 bits.
MOST: Final = 2**53 - 1


def number(text: str) -> int:
    """Return a whole number of an address. Raises ValueError for any other text, and for what is too large."""
    value = int(text)
    if abs(value) > MOST:
        raise ValueError(f"{text[:40]!r} is too large")
    return value
