"""Answers packed for the way: a page of a hundred lines is a tenth of itself.

The length of a packed answer could tell who watches the wire what of it repeats what they had somebody ask for. Session
cookies do not travel with what other sites embed, and each answer is as much longer as a throw says.
"""

from __future__ import annotations

import gzip
import secrets
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, request

#: What is smaller fits into a packet anyway.
SMALL: Final = 1_400
LEVEL: Final = 4
#: Bytes by which an answer is longer at most.
THROW: Final = 64
_PACKED: Final = ("text/", "application/json", "application/javascript", "image/svg+xml")


def register(app: Flask) -> None:
    """Pack the answers of an application."""
    app.after_request(pack)


def pack(response: Response) -> Response:
    """Pack an answer that is worth it, for whoever can unpack it."""
    if not (response.content_type or "").startswith(_PACKED) or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    if request.endpoint == "static":
        return _pack_file(response)
    if not response.is_streamed and len(data := response.get_data()) > SMALL:
        response.set_data(_thrown(data))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _pack_file(response: Response) -> Response:
    name = (request.view_args or {}).get("filename", "")
    file = Path(__file__).parent / "static" / name
    # What may be asked for in parts, and what was not changed, goes as it is.
    if "Range" in request.headers or not file.is_file() or file.stat().st_size < SMALL:
        return response
    response.close()
    response.direct_passthrough = False
    response.set_data(_file(file, file.stat().st_mtime_ns))
    response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(64)
def _file(file: Path, changed_ns: int) -> bytes:
    """Return a file packed as small as can be; those that are served are few, and kept."""
    return gzip.compress(file.read_bytes(), 9, mtime=0)


def _thrown(data: bytes) -> bytes:
    """Return data in the form of gzip, with a name in its head that nobody reads and whose length is a throw."""
    name = b"x" * secrets.randbelow(THROW) + b"\0"
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(data) + packer.flush()
    end = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name + body + end
