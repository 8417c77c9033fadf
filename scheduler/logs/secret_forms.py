"""The forms in which a secret gets printed, and where they stand in a text."""

from __future__ import annotations

import json
import re
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final, Protocol
from urllib.parse import quote, quote_plus

from scheduler.wire import CUT

MASK: Final = "***"
#: Shorter texts are words of their own: hiding them would hide half of the log, and tell what they are.
SHORTEST: Final = 5
#: So many forms are looked for by a pattern.
_FEW: Final = 500

_PERCENT: Final = re.compile("%[0-9A-F]{2}")


class Finder(Protocol):
    """Finds forms, the longest where several begin."""

    def replace(self, text: str) -> str:
        """Return the text with a mask in place of each form."""

    def found_in(self, text: str) -> set[str]:
        """Return the forms that stand in a text."""


def forms_of(secret: str) -> set[str]:
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


def finder_of(forms: Collection[str], few: int = _FEW) -> Finder:
    """Return what finds these forms, the longest where several begin; each has SHORTEST characters at least.

    A pattern tries all of them at each character: of many (a secret of ten thousand lines) a line would take seconds.
    """
    return _Lookup(forms) if len(forms) > few else _Pattern(forms)


class _Pattern:
    """Forms as one regular expression."""

    def __init__(self, forms: Collection[str]) -> None:
        self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))

    def replace(self, text: str) -> str:
        """Return the text with a mask in place of each form."""
        return self._pattern.sub(MASK, text)

    def found_in(self, text: str) -> set[str]:
        """Return the forms that stand in a text."""
        return set(self._pattern.findall(text))


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
        parts, kept = [], 0
        for at, end in self._places(text):
            parts += [text[kept:at], MASK]
            kept = end
        return "".join([*parts, text[kept:]])

    def found_in(self, text: str) -> set[str]:
        """Return the forms that stand in a text."""
        return {text[at:end] for at, end in self._places(text)}

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        at = 0
        while at <= len(text) - SHORTEST:
            size = self._size_at(text, at)
            if size:
                yield at, at + size
            at += size or 1

    def _size_at(self, text: str, at: int) -> int:
        """Return how long the longest form is that begins here; 0 where none does."""
        for size in self._sizes.get(text[at : at + SHORTEST], ()):
            if text[at : at + size] in self._forms:
                return size
        return 0


def without_halves(masked: str, forms: Collection[str]) -> str:
    """Mask the beginning of a secret before each mark of a cut, and the end of one after it."""
    first, *rest = masked.split(CUT)
    parts = [first, *(_without_end(part, forms) for part in rest)]
    return CUT.join([*(_without_beginning(part, forms) for part in parts[:-1]), parts[-1]])


def _without_beginning(text: str, forms: Collection[str]) -> str:
    if len(text) < SHORTEST:
        return text
    at = min((_begins_at(text, form) for form in forms), default=len(text))
    return text if at == len(text) else text[:at] + MASK


def _begins_at(text: str, form: str) -> int:
    """Return where a beginning of the form begins that the text ends with; its length where there is none."""
    head = form[:SHORTEST]
    at = text.find(head, max(0, len(text) - len(form)))
    while at >= 0 and not form.startswith(text[at:]):
        at = text.find(head, at + 1)
    return at if at >= 0 else len(text)


def _without_end(text: str, forms: Collection[str]) -> str:
    if len(text) < SHORTEST:
        return text
    end = max((_ends_at(text, form) for form in forms), default=0)
    return text if end == 0 else MASK + text[end:]


def _ends_at(text: str, form: str) -> int:
    """Return where an end of the form ends that the text begins with; 0 where there is none."""
    tail = form[-SHORTEST:]
    at = text.rfind(tail, 0, len(form))
    while at >= 0 and not form.endswith(text[: at + SHORTEST]):
        at = text.rfind(tail, 0, at + SHORTEST - 1)
    return at + SHORTEST if at >= 0 else 0
