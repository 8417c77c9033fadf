"""A log is read from an offset on, while it grows and after its end, and from nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.clock import SystemClock
from scheduler.errors import BadId, Conflict
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import decode_lines
from scheduler.logs.reader import Piece, assemble, read
from scheduler.logs.segments import first_position
from scheduler.logs.sink import LogSink

CLOCK = SystemClock()
ADDRESS = LogAddress(
    dag_id="shop", run_id="manual__2026-11-21T14:03:11+00:00", task_id="load.orders", attempt_id=7
)


def log_of(folder: Path, epoch: int = 1) -> LogSink:
    return LogSink(ADDRESS.file(folder), CLOCK, start=first_position(epoch))


def test_following_gives_each_line_once_and_says_when_it_is_done(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    offset, seen = 0, []
    for text in ("one", "two", "three"):
        log.line("info", "stdout", text)
        log.flush()
        part = read(tmp_path, ADDRESS, offset)
        assert part is not None
        assert not part.done
        seen += [line.text for line in part.lines]
        offset = part.next_offset
    log.close(text="the end")
    part = read(tmp_path, ADDRESS, offset)
    assert part is not None
    assert part.done
    assert [*seen, *(line.text for line in part.lines)] == ["one", "two", "three", "the end"]


def test_half_a_line_is_left_for_the_next_time(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    log.line("info", "stdout", "whole")
    log.close()
    file = ADDRESS.file(tmp_path)
    data = file.read_bytes()
    file.write_bytes(data[:-10])
    part = read(tmp_path, ADDRESS, 0)
    assert part is not None
    assert ([line.text for line in part.lines], part.done) == (["whole"], False)


def test_a_long_log_comes_in_parts(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    for number in range(1_000):
        log.line("info", "stdout", str(number))
    log.close()
    offset, texts, done = 0, [], False
    while not done:
        part = read(tmp_path, ADDRESS, offset, limit=5_000)
        assert part is not None
        assert part.next_offset > offset
        offset, done = part.next_offset, part.done
        texts += [line.text for line in part.lines]
    assert texts[:-1] == [str(number) for number in range(1_000)]


def test_a_log_that_is_written_on_is_not_done(tmp_path: Path) -> None:
    log_of(tmp_path).close()
    log = log_of(tmp_path, epoch=2)
    log.line("info", "stdout", "claimed again")
    log.flush()
    part = read(tmp_path, ADDRESS, 0)
    assert part is not None
    assert not part.done
    log.close()


def test_a_log_of_another_host_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, ADDRESS, 0) is None


def test_pieces_read_like_a_file(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    log.line("info", "stdout", "one")
    log.close(text="end")
    data = ADDRESS.file(tmp_path).read_bytes()
    pieces = [Piece(0, data[:20]), Piece(20, data[20:50]), Piece(50, data[50:])]
    assert assemble(pieces, 0, 1_000, "lost") == read(tmp_path, ADDRESS, 0)
    assert assemble([Piece(0, data)], len(data), 1_000, "lost").lines == ()


def test_of_a_long_copy_no_more_pieces_are_asked_for_than_needed() -> None:
    asked = []

    def pieces() -> Iterator[Piece]:
        for number in range(10):
            asked.append(number)
            yield Piece(20 * number, b"%d\n" % number * 10)

    part = assemble(pieces(), 40, 30, "lost")
    assert [line.text for line in part.lines] == ["2"] * 10 + ["3"] * 10
    assert (part.next_offset, part.done) == (80, False)
    assert asked == [0, 1, 2, 3, 4]


def test_what_is_missing_between_two_pieces_is_said(tmp_path: Path) -> None:
    pieces = [Piece(0, b"one\ncut o"), Piece(5_000, b"two\n"), Piece(5_004, b"three\n")]
    part = assemble(pieces, 0, 1_000, "were lost.")
    assert [line.text for line in part.lines] == ["one", "cut o", "… 4,991 bytes were lost.", "two", "three"]
    assert part.lines[2].source == "dirigent"
    assert part.next_offset == 5_010


def test_a_reader_who_stopped_in_what_was_dropped_meanwhile_goes_on_after_it() -> None:
    part = assemble([Piece(3_000_000, b"two\n")], 1_000_000, 1_000, "were lost.")
    assert [line.text for line in part.lines] == ["… 2.0 MB were lost.", "two"]


def test_a_damaged_line_is_shown_as_it_is() -> None:
    assert [line.text for line in decode_lines(b'{"time": "20\n[1]\n')] == ['{"time": "20', "[1]"]


@pytest.mark.parametrize(
    "fields",
    [
        {"dag_id": "../etc"},
        {"dag_id": ".."},
        {"dag_id": ""},
        {"run_id": "a/../../b"},
        {"run_id": ".."},
        {"task_id": "/etc/passwd"},
        {"task_id": "a\0b"},
        {"path": "../3"},
        {"path": ".."},
    ],
    ids=str,
)
def test_ids_that_lead_elsewhere_are_refused(tmp_path: Path, fields: dict[str, str]) -> None:
    known = {"dag_id": "d", "run_id": "r", "task_id": "t", "path": "3.1"} | fields
    with pytest.raises(BadId):
        LogAddress(**known, attempt_id=1).file(tmp_path)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder, outside = tmp_path / "logs", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "shop").symlink_to(outside)
    with pytest.raises(BadId):
        read(folder, ADDRESS, 0)


def test_callbacks_of_a_dag_and_mapped_tasks_have_places_of_their_own(tmp_path: Path) -> None:
    callback = LogAddress(dag_id="d", run_id="r", attempt_id=1).file(tmp_path)
    mapped = LogAddress(dag_id="d", run_id="r", task_id="t", path="3.1", attempt_id=2).file(tmp_path)
    assert callback == tmp_path / "d/r/@dag/1.log"
    assert mapped == tmp_path / "d/r/t/3.1/2.log"


def test_what_a_task_put_in_place_of_its_log_is_not_read(tmp_path: Path) -> None:
    file = ADDRESS.file(tmp_path)
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    with pytest.raises(Conflict, match="in place of this log"):
        read(tmp_path, ADDRESS, 0)
    file.unlink()
    file.mkdir()
    with pytest.raises(Conflict, match="in place of this log"):
        read(tmp_path, ADDRESS, 0)


def test_lines_that_a_task_wrote_into_its_log_are_shown_as_they_are() -> None:
    odd = b'{"time": "2026-01-01T00:00:00+00:00", "level": [1], "source": {}, "text": 5, "last": "x"}'
    lines = decode_lines(b"[" * 100_000 + b"\n5\n" + odd + b"\n")
    assert [type(line.text) for line in lines] == [str, str, str]
    assert (lines[2].level, lines[2].text, lines[2].is_last) == ("[1]", "5", False)
