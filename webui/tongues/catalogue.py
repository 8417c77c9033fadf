"""A language: its texts, its plural forms, and how it writes numbers and days. Read by Babel from `catalogues/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from gettext import GNUTranslations
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.dates import format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER: Final = Path(__file__).parent / "catalogues"
#: What the browser says: its own texts, and times and states as the pages do.
_BROWSER: Final = ("webui/frontend/", "webui/words.py")
#: Counts after which the plural forms of every language come round again by the hundred.
_COUNTS: Final = 200


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is said in a language."""

    language: str
    texts: GNUTranslations
    locale: Locale
    #: Signs of English numbers, and what stands for them.
    signs: Mapping[int, str]
    #: What the browser's code says: a text, or one for each plural form.
    of_browser: Mapping[str, str | tuple[str, ...]]
    #: The plural form of each count, a digit each; what is larger goes on by the hundred.
    forms: str

    @property
    def tag(self) -> str:
        """A short name for what the browser's code says."""
        return sha256(repr((self.of_browser, self.forms)).encode()).hexdigest()[:16]

    def gettext(self, text: str) -> str:
        """Return what stands for a text; for none, which is where a catalogue keeps its own head, none."""
        return self.texts.gettext(text) if text else text

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return what stands for a text about so many."""
        return self.texts.ngettext(one, many, count)

    def plural_form(self, count: int) -> int:
        """Return which of the plural forms is for so many."""
        return int(self.forms[count if count < 100 else 100 + count % 100])

    def all_forms(self, one: str, many: str) -> tuple[str, ...]:
        """Return a text about a number in each of the plural forms."""
        counts = sorted(self.forms.index(form) for form in set(self.forms))
        return tuple(self.ngettext(one, many, count) for count in sorted(counts, key=self.plural_form))

    def digits(self, number: str) -> str:
        """Return a number that is written in English: 1,234.5 as 1.234,5."""
        return number.translate(self.signs)

    def month(self, at: date) -> str:
        """Return the short name of a month."""
        return format_skeleton("MMM", at, locale=self.locale)

    def day(self, at: date, *, with_year: bool) -> str:
        """Return a day as short as it can be read: 3. Nov."""
        return format_skeleton("yMMMd" if with_year else "MMMd", at, locale=self.locale)


def read(language: str) -> Catalog:
    """Return the catalogue of a language as it is written."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def load(language: str) -> Catalogue:
    """Return the catalogue of a language, ready to be asked."""
    written = read(language)
    compiled = BytesIO()
    write_mo(compiled, written)
    compiled.seek(0)
    texts = GNUTranslations(compiled)
    locale = Locale.parse(language)
    symbols = locale.number_symbols["latn"]
    return Catalogue(
        language=language,
        texts=texts,
        locale=locale,
        signs=str.maketrans({".": symbols["decimal"], ",": symbols["group"]}),
        of_browser=dict(_of_browser(written)),
        forms="".join(str(texts.plural(count)) for count in range(_COUNTS)),  # type: ignore[attr-defined]
    )


def _of_browser(written: Catalog) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for message in written:
        if message.id and any(place.startswith(_BROWSER) for place, _ in message.locations):
            key = message.id if isinstance(message.id, str) else message.id[0]
            said = message.string or ""
            yield key, said if isinstance(said, str) else tuple(said)
