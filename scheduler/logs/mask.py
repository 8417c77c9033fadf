"""Keeps secrets out of logs: given texts are replaced wherever they stand, in the forms in which they get
printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

from scheduler.wire import Json

MASK: Final = "***"
#: Shorter texts are words of their own: hiding them would hide half of the log, and tell what they are.
SHORTEST: Final = 5

_SENSITIVE: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|authorization|credential|keyfile",
    re.IGNORECASE,
)


class Masker:
    """Replaces secrets; more can be added while it is in use."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these from now on.

        Of a text of several lines each line is hidden: logs are written by line.
        """
        self._hide({form for secret in secrets for form in _forms(secret)})

    def _hide(self, forms: Collection[str]) -> None:
        before = len(self._forms)
        self._forms.update(forms)
        if len(self._forms) > before:
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def learn(self, other: Masker) -> None:
        """Hide from now on what another one hides."""
        self._hide(other._forms)

    def mask(self, text: str) -> str:
        """Return the text without any secret."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def mask_start(self, text: str) -> str:
        """Mask a text whose end was cut off: half a secret at the cut is hidden too."""
        masked = self.mask(text)
        half = max((_overlap(masked, form) for form in self._forms), default=0)
        return masked[: len(masked) - half] + MASK if half else masked

    def mask_data(self, value: Json) -> Json:
        """Return JSON-ready data with every text in it masked; keys stay."""
        match value:
            case str():
                return self.mask(value)
            case list() | tuple():
                return [self.mask_data(each) for each in value]
            case dict():
                return {key: self.mask_data(each) for key, each in value.items()}
            case _:
                return value


def _forms(secret: str) -> Iterator[str]:
    for line in secret.splitlines():
        text = line.strip()
        for form in (text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], repr(text)[1:-1]):
            if len(form) >= SHORTEST:
                yield form


def _overlap(text: str, secret: str) -> int:
    """Return how long an end of the text is that starts the secret."""
    longest = min(len(text), len(secret) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(secret[:size])), 0)


def is_sensitive(name: str) -> bool:
    """Say whether a variable or field of this name holds something secret, going by its name."""
    return _SENSITIVE.search(name) is not None


def secrets_of_variable(key: str, text: str | None) -> Iterator[str]:
    """Yield what must not be shown of a variable: its text by its name, and fields of JSON by theirs."""
    if text is None:
        return
    if is_sensitive(key):
        yield text
    yield from _sensitive_fields(text)


def secrets_of_connection(fields: dict[str, Any] | None) -> Iterator[str]:
    """Yield what must not be shown of a connection: its password, and fields of `extra` by their names."""
    if fields is None:
        return
    if fields.get("password"):
        yield str(fields["password"])
    yield from _sensitive_fields(str(fields.get("extra") or ""))


def _sensitive_fields(text: str) -> Iterator[str]:
    if not text.lstrip().startswith(("{", "[")):
        return
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _walk(data, name="")


def _walk(value: Json, name: str) -> Iterator[str]:
    match value:
        case dict():
            for key, each in value.items():
                yield from _walk(each, str(key))
        case list():
            for each in value:
                yield from _walk(each, name)
        case str() if is_sensitive(name):
            yield value
