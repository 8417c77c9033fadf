"""A mail server that takes letters for anybody and keeps them."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any


class _Dialogue(socketserver.StreamRequestHandler):
    """The few commands of SMTP that a sender needs."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.strip().upper()
            if command == b"DATA":
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

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line)
        self.server.letters.append(b"".join(lines))  # type: ignore[attr-defined]


@contextmanager
def mail_server() -> Iterator[Any]:
    """Serve on a free port of this host; yield the server with its `letters` and all `recipients`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dialogue) as server:
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
