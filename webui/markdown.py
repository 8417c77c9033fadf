"""Notes of authors (`doc_md`) as HTML that can do nothing: no markup of their own, no pictures, no scripts."""

from __future__ import annotations

from functools import lru_cache
from inspect import cleandoc
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_LONGEST: Final = 100_000
_TEXT: Final = set("a blockquote br code em h3 h4 h5 h6 hr p pre s strong".split())  # noqa: SIM905 - a line, not 14
_TAGS: Final = _TEXT | {"li", "ol", "ul", "table", "tbody", "td", "th", "thead", "tr"}
_READER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Return Markdown as safe HTML; its headings stand below those of the page."""
    tokens = _READER.parse(cleandoc(text[:_LONGEST]))
    for token in tokens:
        _lower(token)
    html = _READER.renderer.render(tokens, _READER.options, {})
    return Markup(
        nh3.clean(
            html, tags=_TAGS, attributes={"a": {"href"}, "*": set()}, url_schemes={"http", "https", "mailto"}
        )
    )


def _lower(token: Token) -> None:
    if token.type.startswith("heading_"):
        token.tag = f"h{min(6, int(token.tag[1:]) + 2)}"
