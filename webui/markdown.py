"""Notes of authors (`doc_md`) as HTML that can do nothing: no markup of their own, no pictures, no scripts."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_LONGEST: Final = 100_000
_TEXT: Final = set("a blockquote br code em h3 h4 h5 h6 hr p pre s strong".split())  # noqa: SIM905 - a line, not 14
_TAGS: Final = _TEXT | {"li", "ol", "ul", "table", "tbody", "td", "th", "thead", "tr"}


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Return Markdown as safe HTML; its headings stand below those of the page."""
    reader = _reader()
    tokens = reader.parse(cleandoc(text[:_LONGEST]))
    for token in tokens:
        _lower(token)
    html = reader.renderer.render(tokens, reader.options, {})
    return Markup(
        nh3.clean(
            html, tags=_TAGS, attributes={"a": {"href"}, "*": set()}, url_schemes={"http", "https", "mailto"}
        )
    )


@cache
def _reader() -> MarkdownIt:
    """Load it with the first note: most servers have none."""
    module: Any = import_module("markdown_it")
    reader: MarkdownIt = module.MarkdownIt("commonmark", {"html": False})
    return reader.enable(["table", "strikethrough"]).disable("image")


def _lower(token: Token) -> None:
    if token.type.startswith("heading_"):
        token.tag = f"h{min(6, int(token.tag[1:]) + 2)}"
