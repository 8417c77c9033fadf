"""Lines are made of pieces, however they arrive, in bounded memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.clock import SystemClock
from scheduler.logs.lines import STDERR, STDOUT, decode_lines
from scheduler.logs.mask import Masker
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor.printed import LINE_BYTES, Line, LineSplitter, LogOutput


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


def written(tmp_path: Path, *pieces: bytes, source: str = STDOUT) -> list[tuple[str, str, str, str]]:
    """Return what stands in the log: level, source, logger, text."""
    log = LogSink(tmp_path / "1.log", SystemClock())
    output = LogOutput(log, source, log.flush)
    for piece in pieces:
        output.take(piece)
    output.finish()
    log.flush()
    found = decode_lines((tmp_path / "1.log").read_bytes())
    return [(line.level, line.source, line.logger, line.text) for line in found]


def record(**fields: object) -> bytes:
    return b"\x1e" + json.dumps(fields).encode() + b"\n"


def test_a_marked_record_keeps_its_level_and_logger(tmp_path: Path) -> None:
    line = record(level="warning", logger="shop", text="a\nb")
    assert written(tmp_path, line) == [("warning", "logging", "shop", "a\nb")]


def test_a_record_after_text_that_was_not_ended_is_a_line_of_its_own(tmp_path: Path) -> None:
    found = written(tmp_path, b"dots ...", record(level="info", logger="shop", text="done"))
    assert found == [("info", "stdout", "", "dots ..."), ("info", "logging", "shop", "done")]


def test_the_text_of_a_record_that_was_cut_shows_that(tmp_path: Path) -> None:
    found = written(tmp_path, record(level="info", logger="shop", text="long", cut=True))
    assert found == [("info", "logging", "shop", "long … [line cut]")]


@pytest.mark.parametrize("content", [b"[1]", b"nonsense", b'{"level": "info"}', b"[" * 100_000], ids=len)
def test_a_forged_record_is_text(tmp_path: Path, content: bytes) -> None:
    ((level, source, _, text),) = written(tmp_path, b"\x1e" + content + b"\n")
    assert (level, source) == ("info", "stdout")
    assert text.startswith("\x1e" + content[:100].decode())


def test_a_record_of_no_known_level_is_an_information(tmp_path: Path) -> None:
    line = record(level="loud", logger=5, text=None)
    assert written(tmp_path, line) == [("info", "logging", "5", "None")]


def test_half_a_secret_at_a_cut_in_the_middle_of_a_character_does_not_show(tmp_path: Path) -> None:
    secret = "tröstliches-wort"
    begun = secret.encode()[:3]
    log = LogSink(tmp_path / "1.log", SystemClock(), masker=Masker([secret]))
    output = LogOutput(log, STDOUT, log.flush)
    # Characters of four bytes, and a secret that becomes shorter: what was read to its cut is shown to its cut.
    before = secret.encode() * 5
    wide = "\U0001d54f".encode() * ((LINE_BYTES - len(before) - len(begun)) // 4)
    pad = b"." * (LINE_BYTES - len(before) - len(wide) - len(begun))
    output.take(before + wide + pad + begun + secret.encode()[3:] + b"\n")
    log.flush()
    (line,) = decode_lines((tmp_path / "1.log").read_bytes())
    assert line.text.endswith(pad.decode() + "*** … [line cut]")


def test_what_is_printed_to_stderr_is_a_warning(tmp_path: Path) -> None:
    assert written(tmp_path, b"oh\n", source=STDERR) == [("warning", "stderr", "", "oh")]


def test_a_progress_bar_shows_what_a_terminal_would_show(tmp_path: Path) -> None:
    assert written(tmp_path, b"10 %\r50 %\r100 %\r\n") == [("info", "stdout", "", "100 %")]


def passed_over(tmp_path: Path, *pieces: bytes) -> list[str]:
    """Return the lines of the log of an output that was printed too fast, after one that was not."""
    log = LogSink(tmp_path / "1.log", SystemClock(), masker=Masker(["hunter22"]))
    output = LogOutput(log, STDOUT, log.flush)
    output.take(b"before\nbegun by hunt")
    for piece in pieces:
        output.skip(piece)
    output.catch_up()
    output.take(b"after\n")
    return [line.text for line in decode_lines((tmp_path / "1.log").read_bytes())]


def test_of_what_is_passed_over_the_end_is_kept_in_whole_lines(tmp_path: Path) -> None:
    numbers = [b"%07d " % number + b"x" * 91 + b"\n" for number in range(10_000)]
    texts = passed_over(tmp_path, *(b"".join(numbers[at : at + 600]) for at in range(0, 10_000, 600)))
    assert texts[:2] == ["before", "begun by *** … [line cut]"]
    assert texts[2].startswith("… 936,000 bytes were dropped here")
    kept = [int(text.split()[0]) for text in texts[3:-1]]
    assert kept == list(range(kept[0], 10_000))
    assert len(kept) > 600
    assert texts[-1] == "after"


def test_of_very_short_lines_fewer_are_kept(tmp_path: Path) -> None:
    texts = passed_over(tmp_path, b"y\n" * 100_000)
    assert 1_000 < len(texts) < 3_000


def test_a_line_that_ends_in_what_is_passed_over_does_not_show(tmp_path: Path) -> None:
    texts = passed_over(tmp_path, b"x" * 100_000, b"er22\nwhole\n")
    assert texts[2:] == [
        "… 36,011 bytes were dropped here: the task printed faster than a long log is written.",
        "whole",
        "after",
    ]


def test_what_was_passed_over_and_kept_whole_leaves_no_gap(tmp_path: Path) -> None:
    assert passed_over(tmp_path, b"er22\n", b"next\n") == ["before", "begun by ***", "next", "after"]
