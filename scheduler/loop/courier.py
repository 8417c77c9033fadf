"""One channel: an Apprise address, how a message is sent to it, and why that failed, without its secrets."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from threading import get_ident
from typing import Any, Final
from urllib.parse import unquote

from apprise import Apprise, NotifyType

from scheduler.errors import BadSetting

#: Apprise says why a sending failed in its log only, where its words would pass by what is masked here.
_SAYS: Final = logging.getLogger("apprise")
_LONGEST: Final = 300
#: Parts of an address that are not secret however long: shorter ones are not worth a search.
_SHORTEST_SECRET: Final = 4


class _Listener(logging.Handler):
    """Keeps what Apprise says, by the thread in which it does."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: dict[int, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if get_ident() in self._said:
            self._said[get_ident()].append(record.getMessage())

    def begin(self) -> None:
        self._said[get_ident()] = []

    def end(self) -> str:
        return " ".join(self._said.pop(get_ident(), ()))


_listener: Final = _Listener()


def _listen() -> None:
    if _listener not in _SAYS.handlers:
        _SAYS.addHandler(_listener)
        _SAYS.propagate = False


class Courier:
    """Sends to one channel."""

    def __init__(self, channel: str, address: str, page_url: str) -> None:
        """Raises BadSetting, without the address, where Apprise does not understand it."""
        _listen()
        self.channel = channel
        self._page_url = page_url
        self._address = address
        # Sends in the thread that asks, as `Apprise().notify` does not.
        recipient = Apprise.instantiate(address)
        if recipient is None:
            raise BadSetting(f"channel {channel}", None, "Apprise does not understand its address")
        self._recipient = recipient

    def send(self, payload: Mapping[str, Any]) -> str:
        """Send a message; return why it could not be sent, or nothing."""
        _listener.begin()
        try:
            is_sent = self._recipient.notify(
                title=payload["title"],
                body=self._body(payload),
                notify_type=NotifyType(payload.get("type", "failure")),
            )
        except Exception as error:  # noqa: BLE001 - over a hundred services, each with code of its own
            return self._without_secrets(f"{_listener.end()} {type(error).__name__}: {error}")
        said = _listener.end()
        return "" if is_sent else self._without_secrets(said) or "the service did not accept the message"

    def _body(self, payload: Mapping[str, Any]) -> str:
        link = payload.get("link")
        return f"{payload['body']}\n{self._page_url}{link}" if link else str(payload["body"])

    def _without_secrets(self, text: str) -> str:
        for part in sorted(_secrets_of(self._address), key=len, reverse=True):
            text = text.replace(part, "***")
        return text.strip()[:_LONGEST]


def _secrets_of(address: str) -> set[str]:
    """Return what of an address could be a secret: anything but its service."""
    parts = re.split(r"[/:@?&=,#]+", address.partition("://")[2])
    found = {each for part in parts for each in (part, unquote(part))}
    return {each for each in found if len(each) >= _SHORTEST_SECRET}
