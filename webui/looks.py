"""How a reader wants the pages to look: their own choices, which their browser keeps in cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import request

from webui.zones import CHOICES

#: What can be chosen; the first of each is the default.
LOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    "theme": ("auto", "light", "dark"),
    "times": ("relative", "absolute"),
    "contrast": ("auto", "high"),
    "density": ("comfortable", "compact"),
    "zone": CHOICES,
    "list": ("table", "cards"),
}


def look(name: str, asked: str = "") -> str:
    """Return what is chosen of a look, unless this page is asked for otherwise; anything odd is the default."""
    known = LOOKS[name]
    kept = request.cookies.get(f"dirigent_{name}", "")
    return next((each for each in (asked, kept) if each in known), known[0])
