"""Gathers the meanings of settings for `tools/strings`: they are said where settings are shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import IO


def meanings(file: IO[bytes], *_: object, **__: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """Return the description of each field, as Babel's methods of extraction do."""
    for node in ast.walk(ast.parse(file.read())):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "description"
            and isinstance(node.value, ast.Constant)
        ):
            yield node.value.lineno, "gettext", str(node.value.value), []
