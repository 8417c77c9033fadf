"""Copies of logs arrive in order and once, survive a database that is away, and are bounded."""

from __future__ import annotations

import threading

import pytest

from scheduler.logs.copier import Batch, LogCopier, LogCopy
from scheduler.logs.reader import Piece, assemble
from scheduler.logs.segments import first_position


class Table:
    """Keeps chunks by their key, as the database does; `is_away` makes writing fail."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}
        self.is_away = False
        self.calls = 0
        self.called = threading.Event()

    def write(self, batch: Batch) -> None:
        self.calls += 1
        self.called.set()
        if self.is_away:
            raise ConnectionError("the database is away")
        for chunk in batch.chunks:
            assert (chunk.attempt_id, chunk.start) not in self.rows
            self.rows[chunk.attempt_id, chunk.start] = chunk.data
        for key in batch.dropped:
            del self.rows[key]

    def pieces(self, attempt_id: int) -> list[Piece]:
        return [Piece(key[1], data) for key, data in sorted(self.rows.items()) if key[0] == attempt_id]

    def log(self, attempt_id: int) -> bytes:
        return b"".join(piece.data for piece in self.pieces(attempt_id))


class Writer:
    """Writes one log, with the positions that a sink would give."""

    def __init__(self, copy: LogCopy, position: int = 0) -> None:
        self.copy = copy
        self.position = position

    def write(self, data: bytes) -> None:
        self.copy.write(self.position, data)
        self.position += len(data)


def test_pieces_of_many_logs_are_written_together_and_in_order() -> None:
    table = Table()
    copier = LogCopier(table.write, interval_s=60)
    writers = [Writer(copier.copy_of(attempt_id, epoch=1)) for attempt_id in (1, 2)]
    copier.start()
    for number in range(5):
        for writer in writers:
            writer.write(b"%d\n" % number)
    for writer in writers:
        writer.copy.close()
    copier.close()
    assert table.calls == 1
    assert table.log(1) == table.log(2) == b"0\n1\n2\n3\n4\n"


def test_a_later_epoch_follows_the_earlier_one() -> None:
    table = Table()
    copier = LogCopier(table.write, interval_s=60)
    copier.start()
    for epoch in (1, 2):
        writer = Writer(copier.copy_of(1, epoch), first_position(epoch))
        writer.write(b"%d\n" % epoch)
        writer.copy.close()
    copier.close()
    assert [line.text for line in assemble(table.pieces(1), 0, 1_000, "lost").lines] == ["1", "2"]


def test_what_could_not_be_written_is_written_later(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    table.is_away = True
    copied: list[int] = []
    copier = LogCopier(table.write, on_copied=copied.append, interval_s=0.01)
    writer = Writer(copier.copy_of(1, epoch=1))
    writer.write(b"one\n")
    copier.start()
    assert table.called.wait(30)
    assert copied == []
    writer.write(b"two\n")
    table.is_away = False
    writer.copy.close()
    copier.close()
    assert table.log(1) == b"one\ntwo\n"
    assert copied == [1]
    assert "could not be copied" in caplog.text


def test_beyond_the_bound_on_what_waits_pieces_are_dropped_and_the_copy_says_so() -> None:
    table = Table()
    copier = LogCopier(table.write, interval_s=60, waiting_limit=10)
    writer = Writer(copier.copy_of(1, epoch=1))
    for data in (b"kept\n", b"too much\n", b"last\n"):
        writer.write(data)
    writer.copy.close()
    copier.start()
    copier.close()
    texts = [line.text for line in assemble(table.pieces(1), 0, 1_000, "are missing").lines]
    assert texts == ["kept", "… 9 bytes are missing", "last"]


def test_of_a_long_log_beginning_and_end_are_in_the_table() -> None:
    table = Table()
    copier = LogCopier(table.write, interval_s=0.001, limit=1_000)
    writer = Writer(copier.copy_of(1, epoch=1))
    copier.start()
    for number in range(2_000):
        writer.write(b"line %d\n" % number)
    writer.copy.close()
    copier.close()
    lines = table.log(1).decode().splitlines()
    assert len(table.log(1)) <= 1_000
    assert (lines[:2], lines[-2:]) == (["line 0", "line 1"], ["line 1998", "line 1999"])
