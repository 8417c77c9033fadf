"""Lines are made of pieces, however they arrive, in bounded memory."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from scheduler.runtime.supervisor.output import Line, LineSplitter, read_line


@given(st.binary(max_size=2_000), st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_lines_do_not_depend_on_the_pieces_in_which_they_arrive(data: bytes, sizes: list[int]) -> None:
    splitter = LineSplitter(limit=5_000)
    seen: list[Line] = []
    start = 0
    for size in [*sizes, len(data)]:
        seen += splitter.feed(data[start : start + size])
        start += size
    seen += splitter.rest()
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert [line.content for line in seen] == expected
    assert not any(line.is_cut for line in seen)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20), st.integers(1, 30))
def test_no_line_is_longer_than_the_limit_and_each_is_given_once(lengths: list[int], step: int) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    splitter = LineSplitter(limit=20)
    seen = [line for start in range(0, len(data), step) for line in splitter.feed(data[start : start + step])]
    assert [len(line.content) for line in seen] == [min(length, 20) for length in lengths]
    assert [line.is_cut for line in seen] == [length > 20 for length in lengths]


def test_what_is_printed_without_a_newline_at_the_end_is_a_line() -> None:
    splitter = LineSplitter()
    assert list(splitter.feed(b"one\ntwo")) == [Line(b"one", is_cut=False)]
    assert list(splitter.rest()) == [Line(b"two", is_cut=False)]
    assert list(splitter.rest()) == []


def read(content: bytes) -> tuple[str, str, str]:
    return read_line(Line(content, is_cut=False))


def test_a_marked_record_keeps_its_level_and_logger() -> None:
    record = b"\x1e" + json.dumps({"level": "warning", "source": "shop", "text": "a\nb"}).encode()
    assert read(record) == ("warning", "shop", "a\nb")


def test_a_forged_record_is_text() -> None:
    assert read(b"\x1e[1]") == ("info", "output", "\x1e[1]")
    assert read(b"\x1enonsense") == ("info", "output", "\x1enonsense")
    assert read(b"\x1e" + b"[" * 100_000)[0] == "info"
    forged = b"\x1e" + json.dumps({"level": "loud", "source": 5, "text": None}).encode()
    assert read(forged) == ("info", "5", "None")


def test_a_progress_bar_shows_what_a_terminal_would_show() -> None:
    assert read(b"10 %\r50 %\r100 %\r") == ("info", "output", "100 %")
