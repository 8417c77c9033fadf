"""EmailOperator: a letter, by the mail server that a connection names."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scheduler.errors import BadConnection
from scheduler.hooks.hook import BaseHook
from scheduler.sdk.arguments import check_given
from scheduler.sdk.connections import Connection
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator

Addresses = str | Iterable[str]

_SSL_PORT: Final = 465
_TIMEOUT_S: Final = 30.0
_BREAK: Final = re.compile(r"[,;]")
_TAG: Final = re.compile(r"<[^>]+>")


class EmailOperator(BaseOperator):
    """Sends a letter in HTML, with files, by the connection `conn_id` of type smtp.

    Port 465, or the type smtps, is TLS from the start; elsewhere STARTTLS is required, unless the extra says
    {"disable_tls": true}. `from_email` may stand in the extra, too, as may `timeout`, and `ca_file`: the certificates
    of the authority that vouches for the server, where the system does not know it.
    """

    template_fields: Sequence[str] = ("to", "subject", "html_content", "files", "cc", "bcc", "from_email")
    template_ext: Sequence[str] = (".html",)

    def __init__(
        self,
        task_id: str,
        *,
        to: Addresses,
        subject: str,
        html_content: str,
        from_email: str | None = None,
        files: Sequence[str] = (),
        cc: Addresses = (),
        bcc: Addresses = (),
        custom_headers: Mapping[str, str] | None = None,
        conn_id: str = "smtp_default",
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        check_given("to", to, "give one address or several")
        self.to = to
        self.subject = subject
        self.html_content = html_content
        self.from_email = from_email
        self.files = files
        self.cc = cc
        self.bcc = bcc
        self.custom_headers = dict(custom_headers or {})
        self.conn_id = conn_id

    def execute(self, context: Context) -> None:
        """Write the letter and send it."""
        connection = BaseHook.get_connection(self.conn_id)
        letter = self._letter(self.from_email or _sender(connection))
        everybody = [*_addresses(self.to), *_addresses(self.cc), *_addresses(self.bcc)]
        refused = send_letter(connection, letter, everybody)
        self.log.info("Sent %r to %s.", self.subject, ", ".join(everybody))
        for address, answer in refused.items():
            self.log.warning("The mail server refused %s: %s", address, answer)

    def _letter(self, sender: str) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = sender
        letter["To"] = ", ".join(_addresses(self.to))
        if copies := _addresses(self.cc):
            letter["Cc"] = ", ".join(copies)
        letter["Subject"] = " ".join(self.subject.split())
        letter["Date"] = formatdate(localtime=True)
        letter["Message-ID"] = make_msgid()
        for name, value in self.custom_headers.items():
            letter[name] = value
        letter.set_content(_TAG.sub("", self.html_content))
        letter.add_alternative(self.html_content, subtype="html")
        for file in self.files:
            _attach(letter, Path(file))
        return letter


def _attach(letter: EmailMessage, file: Path) -> None:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    main, _, sub = kind.partition("/")
    letter.add_attachment(file.read_bytes(), maintype=main, subtype=sub, filename=file.name)


def _addresses(given: Addresses | None) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given or ())
    return [address.strip() for text in texts for address in _BREAK.split(text) if address.strip()]


def _sender(connection: Connection) -> str:
    sender = connection.extra_dejson.get("from_email") or connection.login
    if "@" not in str(sender):
        raise BadConnection(
            f"Who sends? Give from_email to the operator, or in the extra of connection {connection.conn_id!r}."
        )
    return str(sender)


def send_letter(connection: Connection, letter: EmailMessage, everybody: Sequence[str]) -> dict[str, Any]:
    """Send to all; return those that the server refused while it took the letter for others."""
    if not connection.host:
        raise BadConnection(f"Connection {connection.conn_id!r} has no host: which mail server is meant?")
    smtplib, ssl = import_module("smtplib"), import_module("ssl")
    extra = connection.extra_dejson
    timeout = float(extra.get("timeout", _TIMEOUT_S))
    is_tls = connection.conn_type == "smtps" or connection.port == _SSL_PORT
    context = ssl.create_default_context(cafile=extra.get("ca_file"))
    opened = (
        smtplib.SMTP_SSL(connection.host, connection.port or _SSL_PORT, timeout=timeout, context=context)
        if is_tls
        else smtplib.SMTP(connection.host, connection.port or 25, timeout=timeout)
    )
    with opened as server:
        if not is_tls and not extra.get("disable_tls"):
            server.starttls(context=context)
        if connection.login:
            server.login(connection.login, connection.password)
        refused: dict[str, Any] = server.send_message(letter, to_addrs=list(everybody))
    return refused
