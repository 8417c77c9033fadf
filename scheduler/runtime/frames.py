"""Frames between supervisor and children: four bytes of length (big-endian), then JSON."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Final, TypeVar

from scheduler.errors import TooLarge
from scheduler.wire import Data

T = TypeVar("T")

#: Spoken first by the supervisor on every channel; a child of another version refuses to run.
PROTOCOL: Final = 1
#: What an attempt may send or be sent at once: a value of the largest size (`sdk.xcom`), and what goes with it.
FRAME_LIMIT: Final = 64 * 1024 * 1024
#: A parsed file carries the source of every task.
PARSE_LIMIT: Final = 64 * 1024 * 1024

#: Exit code of a child that found its channel closed; user code may use it too, which only changes the words.
EXIT_NO_CHANNEL: Final = 71
#: Exit code of a base process whose supervisor did not prolong its hold in time.
EXIT_OUT_OF_TOUCH: Final = 72

_HEAD: Final = struct.Struct(">I")
#: What a message may hold around a list of items.
_AROUND: Final = 1024


class BadFrame(Exception):
    """The other side does not keep to the form of frames: it is broken or hostile, and nothing more is read
    from it.
    """


def encode(message: Data, limit: int = FRAME_LIMIT) -> bytes:
    """Return the frame of a message, in which dataclasses of `wire` may stand; raises TooLarge."""
    body = _ENCODER.encode(message).encode("ascii")
    if len(body) > limit:
        raise TooLarge("The message", len(body), limit)
    return _HEAD.pack(len(body)) + body


def in_frames(items: Iterable[T], limit: int = FRAME_LIMIT) -> Iterator[list[T]]:
    """Part what is to be sent into lists of which each fits into a frame, or holds one item alone."""
    batch: list[T] = []
    room = limit - _AROUND
    for item in items:
        size = len(_ENCODER.encode(item)) + 1
        if batch and size > room:
            yield batch
            batch, room = [], limit - _AROUND
        batch.append(item)
        room -= size
    if batch:
        yield batch


def _plain(value: object) -> Data:
    """Return a dataclass as its JSON will hold it; not copied in depth, as `asdict` would."""
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
    return {each.name: getattr(value, each.name) for each in fields(value)}


#: Kept: `json.dumps` makes one at each call.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), default=_plain)


class FrameReader:
    """Collects what arrives in pieces; holds at most one frame and the piece that follows it."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[Data]:
        """Yield the messages that are complete now; raises BadFrame."""
        self._buffer += piece
        while (body := self._take()) is not None:
            yield _decode(body)

    def _take(self) -> bytes | None:
        if len(self._buffer) < _HEAD.size:
            return None
        (size,) = _HEAD.unpack_from(self._buffer)
        if size > self._limit:
            raise BadFrame(f"a frame of {size:,} bytes was announced; the limit is {self._limit:,} bytes")
        end = _HEAD.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_HEAD.size : end])
        del self._buffer[:end]
        return body


def _decode(body: bytes) -> Data:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"a frame holds no JSON: {error}") from None
    if not isinstance(message, dict):
        raise BadFrame("a frame holds no JSON object")
    return message
