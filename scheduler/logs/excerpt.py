"""What of one log is copied: its beginning and, once that is full, its newest end, in pieces of whole lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from scheduler.logs.reader import Piece


class Excerpt:
    """Collects bytes until they are taken. Of what was taken it tells which pieces fall out of the bound.

    A piece is known by its position; what is missing between two of them is a gap that the reader sees.
    """

    def __init__(self, limit: int) -> None:
        self._head_left = limit // 2
        self._tail_room = limit - limit // 2
        self._head = _Runs()
        self._tail = _Runs()
        self._kept: deque[tuple[int, int]] = deque()

    @property
    def size(self) -> int:
        """Bytes that wait to be taken."""
        return self._head.size + self._tail.size

    def add(self, position: int, data: bytes) -> None:
        """Add whole lines."""
        head = self._head_part(data)
        self._head_left = self._head_left - head if head == len(data) else 0
        self._head.add(position, data[:head])
        self._tail.add(position + head, data[head:])
        # Trimming costs as much as it leaves: not at every line.
        if self._tail.size > 2 * self._tail_room:
            self._tail.trim(self._tail_room)

    def take(self) -> tuple[list[Piece], list[int]]:
        """Return what waits, and the beginnings of the earlier pieces that it takes the place of."""
        self._tail.trim(self._tail_room)
        tail = list(self._tail.take())
        self._kept.extend((start, len(data)) for start, data in tail)
        return [*self._head.take(), *tail], list(self._dropped())

    def _head_part(self, data: bytes) -> int:
        if len(data) <= self._head_left:
            return len(data)
        return data.rfind(b"\n", 0, self._head_left) + 1

    def _dropped(self) -> Iterator[int]:
        size = sum(size for _, size in self._kept)
        while size > self._tail_room:
            start, least = self._kept.popleft()
            size -= least
            yield start


class _Runs:
    """Bytes without gaps between them, as few pieces as possible."""

    def __init__(self) -> None:
        self._runs: deque[tuple[int, bytearray]] = deque()
        self.size = 0

    def add(self, position: int, data: bytes) -> None:
        if not data:
            return
        self.size += len(data)
        if self._runs and self._runs[-1][0] + len(self._runs[-1][1]) == position:
            self._runs[-1][1].extend(data)
        else:
            self._runs.append((position, bytearray(data)))

    def trim(self, room: int) -> None:
        """Drop the oldest lines beyond the room; at least the newest line stays."""
        while self.size > room:
            start, data = self._runs.popleft()
            self.size -= len(data)
            over = self.size + len(data) - room
            cut = data.find(b"\n", over - 1) + 1 if over < len(data) else 0
            if 0 < cut < len(data):
                self._runs.appendleft((start + cut, data[cut:]))
                self.size += len(data) - cut
                return

    def take(self) -> Iterator[Piece]:
        while self._runs:
            start, data = self._runs.popleft()
            yield Piece(start, bytes(data))
        self.size = 0
