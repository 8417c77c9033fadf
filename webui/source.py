"""Python source as HTML: loaded where it is shown."""

from __future__ import annotations

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


def coloured(text: str) -> Markup:
    """Return source as escaped, coloured, numbered HTML."""
    coloured: str = highlight(text, PythonLexer(), HtmlFormatter(linenos="table", cssclass="source"))
    # What scrolls is to be reached by Tab.
    return Markup(coloured.replace('<div class="source">', '<div class="source" tabindex="0">', 1))
