"""Encryption of variables and connections where they rest: Fernet, its keys derived from the secret."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scheduler.errors import DirigentError
from scheduler.security.secret_key import SecretKey

_PURPOSE: Final = b"dirigent: variables and connections"


class Undecryptable(DirigentError):
    """A stored secret was encrypted with a key that is not at hand."""


class FernetCipher:
    """Encrypts with the newest key, decrypts with any of them."""

    def __init__(self, secret: SecretKey) -> None:
        self._fernet = MultiFernet([Fernet(_derive(key)) for key in secret.keys])

    def seal(self, text: str) -> bytes:
        """Encrypt a text; the same text never gives the same bytes twice."""
        return self._fernet.encrypt(text.encode())

    def unseal(self, data: bytes) -> str:
        """Decrypt what `seal` made. Raises Undecryptable when no key fits, or the data was altered."""
        try:
            return self._fernet.decrypt(bytes(data)).decode()
        except InvalidToken:
            raise Undecryptable(
                "A stored secret cannot be decrypted: it was encrypted with another key. Start with the "
                "DIRIGENT_SECRET_KEY (or the secret_key file of the home folder) of then, or set the "
                "variable or connection anew."
            ) from None

    def reseal(self, data: bytes) -> bytes:
        """Encrypt anew with the newest key, for a rotation. Raises Undecryptable."""
        return self.seal(self.unseal(data))


def _derive(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
