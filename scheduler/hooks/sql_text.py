"""SQL texts of several statements, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

#: What may hold a semicolon that ends nothing: texts, names, comments, PostgreSQL's $quoted$ texts. Then all else.
_PIECE: Final = re.compile(
    r"""
    '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | `[^`]*`
    | --[^\n]*
    | /\*.*?\*/
    | (\$\w*\$).*?\1
    | ;
    | [^'"`;$/-]+
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def statements_of(sql: str) -> list[str]:
    """Return the statements of a text that semicolons part. The bodies of SQLite's triggers are not known."""
    return [each for each in _parts(sql) if _COMMENT.sub("", each).strip()]


def _parts(sql: str) -> Iterator[str]:
    part: list[str] = []
    for piece in _PIECE.finditer(sql):
        if piece[0] == ";":
            yield "".join(part).strip()
            part = []
        else:
            part.append(piece[0])
    yield "".join(part).strip()
