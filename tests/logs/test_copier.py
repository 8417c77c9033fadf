"""Copies of logs arrive in order and once, survive a database that is away, and are bounded."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from scheduler.clock import SystemClock
from scheduler.logs.copier import PER_EPOCH, Chunk, LogCopier
from scheduler.logs.reader import read_chunks

CLOCK = SystemClock()


class Table:
    """Keeps chunks by their key, as the database does; `is_away` makes writing fail."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}
        self.is_away = False
        self.calls = 0
        self.called = threading.Event()

    def write(self, chunks: Sequence[Chunk]) -> None:
        self.calls += 1
        self.called.set()
        if self.is_away:
            raise ConnectionError("the database is away")
        for chunk in chunks:
            assert (chunk.attempt_id, chunk.seq) not in self.rows
            self.rows[chunk.attempt_id, chunk.seq] = chunk.data

    def log(self, attempt_id: int) -> bytes:
        return b"".join(data for key, data in sorted(self.rows.items()) if key[0] == attempt_id)


def test_pieces_of_many_logs_are_written_together_and_in_order() -> None:
    table = Table()
    copier = LogCopier(table.write, CLOCK, interval_s=60)
    copies = [copier.copy_of(attempt_id, epoch=1) for attempt_id in (1, 2)]
    copier.start()
    for number in range(5):
        for copy in copies:
            copy.write(b"%d\n" % number)
    for copy in copies:
        copy.close()
    copier.close()
    assert table.calls == 1
    assert table.log(1) == table.log(2) == b"0\n1\n2\n3\n4\n"


def test_a_later_epoch_follows_the_earlier_one() -> None:
    table = Table()
    copier = LogCopier(table.write, CLOCK, interval_s=60)
    copier.start()
    for epoch in (1, 2):
        copy = copier.copy_of(1, epoch)
        copy.write(b"%d\n" % epoch)
        copy.close()
    copier.close()
    assert sorted(table.rows) == [(1, PER_EPOCH), (1, 2 * PER_EPOCH)]
    assert table.log(1) == b"1\n2\n"


def test_what_could_not_be_written_is_written_later(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    table.is_away = True
    copier = LogCopier(table.write, CLOCK, interval_s=0.01)
    copy = copier.copy_of(1, epoch=0)
    copy.write(b"one\n")
    copier.start()
    assert table.called.wait(10)
    copy.write(b"two\n")
    table.is_away = False
    copy.close()
    copier.close()
    assert table.log(1) == b"one\ntwo\n"
    assert "could not be copied" in caplog.text


def test_beyond_the_bound_pieces_are_dropped_and_the_copy_says_so() -> None:
    table = Table()
    copier = LogCopier(table.write, CLOCK, interval_s=60, waiting_limit=10)
    copy = copier.copy_of(1, epoch=0)
    copy.write(b'"kept"\n')
    copy.write(b'"too much"\n')
    copy.close()
    copier.start()
    copier.close()
    kept, gap = read_chunks([table.log(1)], 0).lines
    assert kept.text == '"kept"'
    assert gap.text == "11 bytes are missing in this copy of the log; the worker's own file has them."
