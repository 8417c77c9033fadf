"""`airflow.utils.email`: mail sent by the connection smtp_default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from scheduler.operators.email import send_letter
from scheduler.sdk.connections import Connection


def get_email_address_list(addresses: str | Iterable[str]) -> list[str]:
    """Return single addresses of a text in which commas or semicolons part them, or of a list of such texts."""
    texts = [addresses] if isinstance(addresses, str) else list(addresses)
    return [each for text in texts for each in re.split(r"\s*[,;]\s*", text.strip()) if each]


def send_email(
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: Iterable[str] | None = None,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    conn_id: str | None = None,
    from_email: str | None = None,
    dryrun: bool = False,
    **_more: Any,
) -> None:
    """Send one message through an SMTP connection, smtp_default if none is named."""
    connection = Connection.get(conn_id or "smtp_default")
    sender = from_email or connection.extra_dejson.get("from_email") or connection.login
    message, recipients = build_mime_message(sender, to, subject, html_content, files, cc, bcc)
    if not dryrun:
        send_letter(connection, message, recipients)


send_email_smtp = send_email


def build_mime_message(
    mail_from: str | None,
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: Iterable[str] | None = None,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    custom_headers: Mapping[str, Any] | None = None,
) -> tuple[EmailMessage, list[str]]:
    """Return a message, and all addresses that it goes to; those of `bcc` stand in no header."""
    shown = {"To": get_email_address_list(to), "Cc": get_email_address_list(cc or ())}
    message = EmailMessage()
    message["Subject"] = subject
    if mail_from:
        message["From"] = mail_from
    for name, addresses in shown.items():
        if addresses:
            message[name] = ", ".join(addresses)
    for name, value in (custom_headers or {}).items():
        message[name] = str(value)
    message.set_content(html_content, subtype="html", charset=mime_charset)
    kinds = {
        "mixed": message.make_mixed,
        "related": message.make_related,
        "alternative": message.make_alternative,
    }
    kinds[mime_subtype]()
    for file in files or ():
        _attach(message, Path(file))
    return message, [*shown["To"], *shown["Cc"], *get_email_address_list(bcc or ())]


def _attach(message: EmailMessage, file: Path) -> None:
    kind = guess_type(file.name)[0] or "application/octet-stream"
    main, _, sub = kind.partition("/")
    message.add_attachment(file.read_bytes(), maintype=main, subtype=sub, filename=file.name)
