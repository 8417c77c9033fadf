"""Keeps secrets out of logs: given texts are replaced wherever they stand, in the forms in which they get
printed.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

from scheduler.wire import Json

MASK: Final = "***"
#: Shorter texts are words of their own: hiding them would hide half of the log, and tell what they are.
SHORTEST: Final = 5
#: Levels of data that are looked through: user code may have nested it until no process can follow.
DEEPEST: Final = 200
#: So many forms are looked for by a pattern.
_FEW: Final = 500

_PERCENT: Final = re.compile("%[0-9A-F]{2}")

_SENSITIVE: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|authorization|credential|keyfile",
    re.IGNORECASE,
)


class Masker:
    """Replaces secrets; more can be added while it is in use."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._replace: Callable[[str], str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these from now on.

        Of a text of several lines each line is hidden: logs are written by line.
        """
        self._hide({form for secret in secrets for form in _forms(secret)})

    def _hide(self, forms: Collection[str]) -> None:
        more = self._forms.union(forms)
        if len(more) > len(self._forms):
            # Not changed in place: another thread may be going through them.
            self._forms = more
            self._replace = replacing(more)

    def learn(self, other: Masker) -> None:
        """Hide from now on what another one hides."""
        self._hide(other._forms)

    def mask(self, text: str) -> str:
        """Return the text without any secret."""
        return text if self._replace is None else self._replace(text)

    def mask_start(self, text: str) -> str:
        """Mask a text whose end was cut off: half a secret at the cut is hidden too."""
        masked = self.mask(text)
        half = max((_overlap(masked, form) for form in self._forms), default=0)
        return masked[: len(masked) - half] + MASK if half else masked

    def masked_json(self, value: Json, limit: int) -> str | None:
        """Return the beginning of the JSON text of a value, masked; None where nothing in it is secret."""
        if self._replace is None:
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


def replacing(forms: Collection[str], few: int = _FEW) -> Callable[[str], str]:
    """Return what masks these forms, the longest where several begin; each has SHORTEST characters at least.

    A pattern tries all of them at each character: of many (a secret of ten thousand lines) a line would take seconds.
    """
    if len(forms) > few:
        return _Lookup(forms).replace
    pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
    return lambda text: pattern.sub(MASK, text)


class _Lookup:
    """Forms by how they begin."""

    def __init__(self, forms: Collection[str]) -> None:
        self._forms = frozenset(forms)
        sizes: defaultdict[str, set[int]] = defaultdict(set)
        for form in forms:
            sizes[form[:SHORTEST]].add(len(form))
        self._sizes = {begin: sorted(found, reverse=True) for begin, found in sizes.items()}

    def replace(self, text: str) -> str:
        """Return the text with a mask in place of each form."""
        parts, kept, at = [], 0, 0
        while at <= len(text) - SHORTEST:
            size = self._size_at(text, at)
            if size:
                parts += [text[kept:at], MASK]
                kept = at + size
            at += size or 1
        return "".join([*parts, text[kept:]])

    def _size_at(self, text: str, at: int) -> int:
        """Return how long the longest form is that begins here; 0 where none does."""
        for size in self._sizes.get(text[at : at + SHORTEST], ()):
            if text[at : at + size] in self._forms:
                return size
        return 0


def _forms(secret: str) -> set[str]:
    """Return how a secret may stand in a line: as it is, escaped, or encoded alone or inside a longer text."""
    forms = {text for line in secret.splitlines() for text in _escaped(line.strip())}
    if len(secret.strip()) >= SHORTEST:
        forms.update(_base64(secret.strip().encode(errors="surrogatepass")))
    return {form for form in forms if len(form) >= SHORTEST}


def _escaped(text: str) -> Iterator[str]:
    yield text
    for quoted in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield quoted
        yield _PERCENT.sub(lambda found: found[0].lower(), quoted)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]


def _base64(data: bytes) -> Iterator[str]:
    """Yield a secret in Base64 by itself, in lines as mail and keys have it, and at each place in a longer text."""
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(data).decode()
        for before in range(3):
            # Characters that neighbours have no part in.
            whole = encode(bytes(before) + data).decode()
            yield whole[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
    yield from encodebytes(data).decode().split()


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
