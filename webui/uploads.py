"""Files that are chosen in a form: each becomes a text, a data URL with its name."""

from __future__ import annotations

import mimetypes
import re
from base64 import b64encode
from typing import Final
from urllib.parse import quote, unquote

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict

from webui.tongues.speaking import gettext

#: A conf holds 1 MB, and a file in it takes a third more than it has.
LARGEST: Final = 700_000
_KIND: Final = re.compile(r"[\w.+-]+/[\w.+-]+")


def sent() -> tuple[MultiDict[str, str], dict[str, str]]:
    """Return the form of this request with its files as texts, and by param what is wrong with a file."""
    form, faults = MultiDict(request.form), {}
    for name, file in request.files.items():
        if file.filename:
            try:
                form.setlist(name, [as_data_url(file)])
            except ValueError as wrong:
                faults[name.removeprefix("param.")] = str(wrong)
    return form, faults


def as_data_url(file: FileStorage) -> str:
    """Return a file as `data:text/csv;name=days.csv;base64,…`. Raises ValueError for one over 700 kB."""
    with file.stream as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(
            gettext(
                "%(file)s is larger than %(most)s kB.",
                file=(file.filename or gettext("The file"))[:100],
                most=LARGEST // 1000,
            )
        )
    guessed = file.mimetype or mimetypes.guess_type(file.filename or "")[0] or ""
    kind = guessed if _KIND.fullmatch(guessed) else "application/octet-stream"
    return f"data:{kind};name={quote(file.filename or 'file')};base64,{b64encode(data).decode()}"


def name_of(data_url: str) -> str:
    """Return what the file of a data URL was called."""
    found = re.search(r";name=([^;,]{1,300})", data_url[:1_000])
    return unquote(found[1]) if found else gettext("The file")
