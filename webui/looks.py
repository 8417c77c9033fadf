"""How a reader wants the pages to look: kept with their account, and in this browser for who has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import g, request

#: By what each calls itself. English needs no catalogue: it is the key of the others.
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
#: What can be chosen; the first of each is the default.
LOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    "theme": ("auto", "light", "dark"),
    "times": ("relative", "absolute"),
    "contrast": ("auto", "high"),
    "density": ("comfortable", "compact"),
    "zone": ("here", "utc", "dag"),
    "list": ("table", "cards"),
    "language": ("", *LANGUAGES),
}


def look(name: str, asked: str = "") -> str:
    """Return what is chosen of a look, unless this page is asked for otherwise; anything odd is the default."""
    known, own = LOOKS[name], g.get("looks", {})
    kept = own[name] if name in own else request.cookies.get(f"dirigent_{name}", "")
    return next((each for each in (asked or kept, kept) if each in known), known[0])
