"""Python source as HTML: loaded where it is shown."""

from __future__ import annotations

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


def coloured(text: str) -> Markup:
    """Return source as escaped, coloured, numbered HTML."""
    return Markup(highlight(text, PythonLexer(), HtmlFormatter(linenos="table", cssclass="source")))
