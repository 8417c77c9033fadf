"""Names that turn the reading direction: on a page they could read as other names.

The marks that do it are shown as what cannot be shown. In what a form sends back they stay, or it would name something
else.
"""

from __future__ import annotations

import re
from typing import Final

from flask import Flask, Response, request

#: Embeddings, overrides and isolates; marks of single letters turn nothing else. Pages tell the browser's code of it.
TURNS: Final = r"[\u202a-\u202e\u2066-\u2069]"
#: The same in UTF-8.
_TURNS: Final = re.compile("|".join(re.findall(TURNS, "".join(map(chr, range(0x2000, 0x2100))))).encode())
#: What is no text for readers: tags with their attributes, and texts to edit.
_OTHER: Final = re.compile(rb"(<textarea.*?</textarea>|<[^>]*>)", re.DOTALL)
#: Attributes that are read, too: by a pointer at rest, or aloud.
_READ: Final = re.compile(rb' (?:title|aria-label|alt|placeholder)="[^"]*"')
_TYPED: Final = b"<textarea"
_SHOWN: Final = "\ufffd".encode()
#: Documents of tasks stay as they are; they stand in a frame of their own.
_NOT_OURS: Final = "artifacts.show"


def register(app: Flask) -> None:
    """Keep the reading direction on all pages of an application."""
    app.jinja_env.globals["turns"] = TURNS
    app.after_request(keep)


def keep(response: Response) -> Response:
    """Show the marks in the text of a page."""
    if response.mimetype != "text/html" or response.is_streamed or request.endpoint == _NOT_OURS:
        return response
    page = response.get_data()
    if _TURNS.search(page):
        parts = _OTHER.split(page)
        # What was split at stands at the odd places.
        parts[::2] = (_TURNS.sub(_SHOWN, part) for part in parts[::2])
        parts[1::2] = (part if part.startswith(_TYPED) else _READ.sub(_calm, part) for part in parts[1::2])
        response.set_data(b"".join(parts))
    return response


def _calm(found: re.Match[bytes]) -> bytes:
    return _TURNS.sub(_SHOWN, found[0])
