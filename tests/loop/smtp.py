"""A mail server that takes letters for anybody and keeps them; with a certificate it talks TLS."""

from __future__ import annotations

import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any


class _Dialogue(socketserver.StreamRequestHandler):
    """The few commands of SMTP that a sender needs."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.strip().upper()
            tls = self.server.tls  # type: ignore[attr-defined]
            if (
                command.startswith(b"EHLO")
                and tls is not None
                and not isinstance(self.connection, ssl.SSLSocket)
            ):
                self._say("250-here\r\n250 STARTTLS")
            elif command == b"STARTTLS":
                self._say("220 go on")
                self._encrypt(tls)
            elif command == b"DATA":
                self._say("354 go on")
                self._keep()
                self._say("250 kept")
            elif command == b"QUIT":
                self._say("221 bye")
                return
            else:
                if command.startswith(b"RCPT TO:"):
                    self.server.recipients.append(line[8:].strip().strip(b"<>").decode())  # type: ignore[attr-defined]
                self._say("250 well")

    def _encrypt(self, tls: ssl.SSLContext) -> None:
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self.rfile.close()
        self.wfile.close()
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line)
        self.server.letters.append(b"".join(lines))  # type: ignore[attr-defined]


class _Server(socketserver.ThreadingTCPServer):
    """Takes callers, who talk TLS from the start where it is so said."""

    tls: ssl.SSLContext | None = None
    is_tls_at_once = False

    def get_request(self) -> Any:
        caller, address = super().get_request()
        if self.tls is not None and self.is_tls_at_once:
            caller = self.tls.wrap_socket(caller, server_side=True, do_handshake_on_connect=False)
        return caller, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who hangs up."""


@contextmanager
def mail_server(
    certificate: tuple[Path, Path] | None = None, *, is_tls_at_once: bool = False
) -> Iterator[Any]:
    """Serve on a free port of this host; yield the server with its `letters` and all `recipients`.

    With a certificate and its key it talks TLS: once it is asked, or at once.
    """
    with _Server(("127.0.0.1", 0), _Dialogue) as server:
        if certificate is not None:
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(*certificate)
        server.is_tls_at_once = is_tls_at_once
        server.letters = []  # type: ignore[attr-defined]
        server.recipients = []  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def smtp_server() -> Iterator[tuple[int, list[bytes]]]:
    """Serve on a free port of this host; yield it and the letters."""
    with mail_server() as server:
        yield server.server_address[1], server.letters
