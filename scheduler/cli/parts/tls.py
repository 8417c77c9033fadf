"""Connections of the page that are encrypted: the certificate, renewed while the server runs, and the talk."""

from __future__ import annotations

import logging
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scheduler.cli.parts.visitors import Visitor
from scheduler.errors import BadSetting

if TYPE_CHECKING:
    import socket

log = logging.getLogger(__name__)

_NOT_NOW: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Later(Exception):
    """What is needed to decrypt more is still on its way."""


class SealedVisitor(Visitor):
    """One encrypted connection."""

    socket: ssl.SSLSocket | None
    _is_open = False
    _wants_write = False

    def readable(self) -> bool:
        """Tell whether what it says is to be heard."""
        if self._is_open:
            return bool(super().readable())
        return not (self._wants_write or self.will_close)

    def writable(self) -> bool:
        """Tell whether something is to be sent, or lies here decrypted that the socket tells nothing of any more."""
        if not self._is_open:
            return self._wants_write or self.will_close
        return bool(super().writable()) or self._is_unread

    @property
    def _is_unread(self) -> bool:
        return self.socket is not None and self.socket.pending() > 0 and bool(super().readable())

    def handle_read(self) -> None:
        """Hear what was said, all that can be decrypted."""
        if not (self._is_open or self._greet()):
            return
        with suppress(_Later):
            while self.socket is not None and super().readable():
                super().handle_read()

    def recv(self, buffer_size: int) -> bytes:
        """Return what was said; what has not come whole is no fault."""
        try:
            return bytes(super().recv(buffer_size))
        except _NOT_NOW:
            raise _Later from None

    def handle_write(self) -> None:
        """Send what is to be sent, or close."""
        if self.will_close and not self._is_open:
            self.handle_close()
            return
        if not (self._is_open or self._greet()):
            return
        if self._is_unread:
            self.handle_read()
        super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send a piece, and say how much of it went."""
        try:
            return int(super().send(data, do_close))
        except _NOT_NOW:
            return 0

    def _greet(self) -> bool:
        """Go on with the handshake; tell whether it is done. Who talks plainly, or of other ciphers, is left."""
        assert self.socket is not None
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._wants_write = False
        except ssl.SSLWantWriteError:
            self._wants_write = True
        except OSError:
            self.handle_close()
        else:
            self._is_open, self._wants_write = True, False
        return self._is_open


class Certificate:
    """A certificate with its key, from PEM files; `key` may stand in the same file. Raises BadSetting."""

    visitor: type[Visitor] = SealedVisitor

    def __init__(self, certificate: Path, key: Path | None = None) -> None:
        self._files = (certificate, key or certificate)
        self._stamp = self._read_stamp()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.options |= ssl.OP_NO_RENEGOTIATION
        self._context.set_alpn_protocols(["http/1.1"])
        try:
            self._context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            raise BadSetting("DIRIGENT_TLS_CERTIFICATE", str(certificate), _remedy(error)) from None

    def wrap(self, sock: socket.socket) -> ssl.SSLSocket:
        """Return the connection as one that is to be encrypted; nothing is said yet."""
        return self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def renew(self) -> None:
        """Read the files again where they have changed; where that fails, what was read before stays in force."""
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            # A pair that does not match is half of a renewal: the other half comes.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self._context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            log.warning("the certificate %s could not be renewed: %s", self._files[0], _remedy(error))
        else:
            log.info("the certificate %s was renewed", self._files[0])

    def _read_stamp(self) -> tuple[object, ...]:
        try:
            found = [each.stat() for each in self._files]
        except OSError:
            return ()
        return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)


def _remedy(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"it is no certificate with its key in PEM ({error.reason or error}); set DIRIGENT_TLS_KEY too"
    return f"it cannot be read: {str(error.strerror).lower()}"
