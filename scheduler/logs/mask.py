"""Keeps secrets out of logs: given texts are replaced wherever they stand, in the forms in which they get
printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from scheduler.logs.secret_forms import MASK, Finder, finder_of, forms_of, without_halves
from scheduler.wire import CUT, Json

#: Levels of data that are looked through: user code may have nested it until no process can follow.
DEEPEST: Final = 200

_SENSITIVE: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|authorization|credential|keyfile",
    re.IGNORECASE,
)


class Masker:
    """Replaces secrets; more can be added while it is in use."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._look: Finder | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these from now on.

        Of a text of several lines each line is hidden: logs are written by line.
        """
        self._hide({form for secret in secrets for form in forms_of(secret)})

    def _hide(self, forms: Collection[str]) -> None:
        more = self._forms.union(forms)
        if len(more) > len(self._forms):
            # Not changed in place: another thread may be going through them.
            self._forms = more
            self._look = finder_of(more)

    def learn(self, other: Masker) -> None:
        """Hide from now on what another one hides."""
        self._hide(other._forms)

    def mask(self, text: str) -> str:
        """Return the text without any secret, nor half of one where the text says that it was cut."""
        if self._look is None:
            return text
        masked = self._look.replace(text)
        return without_halves(masked, self._forms) if CUT in masked else masked

    def found_in(self, *values: Json) -> tuple[str, ...]:
        """Return the secrets, as they stand there, that texts of some data hold: for who reads it next to hide, too."""
        look = self._look
        if look is None:
            return ()
        return tuple(sorted({form for text in _texts(list(values), DEEPEST) for form in look.found_in(text)}))

    def mask_start(self, text: str) -> str:
        """Mask a text whose end was cut off: half a secret at the cut is hidden too."""
        masked = self.mask(text)
        half = max((_overlap(masked, form) for form in self._forms), default=0)
        return masked[: len(masked) - half] + MASK if half else masked

    def masked_json(self, value: Json, limit: int) -> str | None:
        """Return the beginning of the JSON text of a value, masked; None where nothing in it is secret."""
        if self._look is None:
            return None
        try:
            text = _beginning(value, limit)
        except RecursionError:
            return json.dumps(MASK)
        masked = self.mask_start(text[:limit]) if len(text) > limit else self.mask(text)
        return masked if masked != text[:limit] else None

    def mask_data(self, value: Json, *, levels: int = DEEPEST) -> Json:
        """Return JSON-ready data with every text masked; keys stay. What lies deeper than `levels` is masked whole."""
        match value:
            case str():
                return self.mask(value)
            case list() | tuple() | dict() if not levels:
                return MASK
            case list() | tuple():
                return [self.mask_data(each, levels=levels - 1) for each in value]
            case dict():
                return {key: self.mask_data(each, levels=levels - 1) for key, each in value.items()}
            case _:
                return value


def _beginning(value: Json, limit: int) -> str:
    """Return more than so many characters of the JSON text of a value, where it has so many."""
    parts, size = list[str](), 0
    for part in json.JSONEncoder(separators=(",", ":")).iterencode(value):
        parts.append(part)
        size += len(part)
        if size > limit:
            break
    return "".join(parts)


def _overlap(text: str, secret: str) -> int:
    """Return how long an end of the text is that starts the secret."""
    longest = min(len(text), len(secret) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(secret[:size])), 0)


def _texts(value: Json, levels: int) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | tuple() if levels:
            for each in value:
                yield from _texts(each, levels - 1)
        case dict() if levels:
            for key, each in value.items():
                yield str(key)
                yield from _texts(each, levels - 1)


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


def secrets_of_conf(
    conf: dict[str, Json], declared: Collection[str], choices: Collection[str] = ()
) -> Iterator[str]:
    """Yield what must not be shown of what a run was given: by the schemas of its params, and by names.

    `choices` are params that are no secrets, whatever they are called: their authors say what they can be.
    """
    for name, value in conf.items():
        yield from (
            secrets_named(value, None) if name in declared else _walk(value, "" if name in choices else name)
        )


def secrets_named(value: Json, name: str | None) -> Iterator[str]:
    """Yield what must not be shown of a value that code calls secret: of a dict, what its keys say; else all texts.

    With a name only where this sounds secret.
    """
    match value:
        case dict():
            yield from _walk(value, name="")
        case list():
            for each in value:
                yield from secrets_named(each, name)
        case str() if not name or is_sensitive(name):
            yield value


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
