"""What the store asks of encryption; `scheduler.security` has the real one."""

from __future__ import annotations

from typing import Protocol


class Cipher(Protocol):
    """Keeps texts from whoever reads the database."""

    def seal(self, text: str) -> bytes:
        """Encrypt a text."""

    def unseal(self, data: bytes) -> str:
        """Decrypt what `seal` made, with this or an earlier key. Raises DirigentError when no key fits."""
