"""A log is masked, bounded and on disk at once; one that cannot be written harms nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from scheduler.clock import SystemClock
from scheduler.logs.lines import DIRIGENT, LogLine, decode_lines
from scheduler.logs.mask import Masker
from scheduler.logs.sink import LINE_LIMIT, LogSink

CLOCK = SystemClock()


def texts(file: Path) -> list[str]:
    return [line.text for line in lines(file)]


def lines(file: Path) -> tuple[LogLine, ...]:
    return decode_lines(file.read_bytes())


def test_a_line_keeps_time_level_source_and_text(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    before = CLOCK.now()
    log = LogSink(file, CLOCK)
    log.line("warning", "shop.prices", "zwölf\tof\n12")
    log.close()
    line = lines(file)[0]
    assert (line.level, line.source, line.text) == ("warning", "shop.prices", "zwölf\tof\n12")
    assert line.at is not None
    assert before <= line.at <= CLOCK.now()


def test_what_was_flushed_can_be_read_while_the_log_is_open(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK)
    log.line("info", "output", "one")
    log.line("info", "output", "two")
    log.flush()
    assert texts(file) == ["one", "two"]
    log.close()


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "d" / "r" / "1.log"
    LogSink(file, CLOCK).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in list(file.parents)[:2]] == [0o700, 0o700]


def test_secrets_are_masked_before_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK, masker=Masker(["hunter22"]))
    log.line("info", "output", "password=hunter22;")
    log.masker.add(["later1"])
    log.line("info", "output", "hunter22 later1")
    log.close(text="ended with hunter22")
    assert texts(file) == ["password=***;", "*** ***", "ended with ***"]


def test_half_a_secret_at_the_end_of_a_cut_line_is_masked(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK, masker=Masker(["hunter22"]))
    log.line("info", "output", "the password is hunt", is_cut=True)
    log.close()
    assert texts(file)[0] == "the password is *** … [line cut]"


def test_a_secret_across_the_cut_of_a_line_does_not_show(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK, masker=Masker(["hunter22"]))
    log.line("info", "output", "x" * (LINE_LIMIT - 4) + "hunter22" + "y" * 100)
    log.close()
    assert "hunt" not in texts(file)[0]


def test_a_full_log_says_where_it_was_cut_and_how_much_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK, limit=100_000)
    for number in range(2_000):
        log.line("info", "output", f"line {number} " + "x" * 50)
    assert log.is_full
    log.line("info", DIRIGENT, "still heard")
    log.close(text="the end")
    assert file.stat().st_size <= 100_000
    kept = [line for line in lines(file) if line.source == "output"]
    *_, cut, heard, missing, end = texts(file)
    assert cut == "The log was cut here: it reached its limit of 0.1 MB (DIRIGENT_LOG_MAX_BYTES)."
    assert heard == "still heard"
    assert missing.endswith(f"{2_000 - len(kept):,} more lines were printed and not kept.")
    assert end == "the end"


def test_a_second_claim_of_the_attempt_writes_on(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    for text in ("first", "second"):
        LogSink(file, CLOCK).close(text=text)
    assert texts(file) == ["first", "second"]


def test_a_symbolic_link_in_the_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    target, file = tmp_path / "target", tmp_path / "1.log"
    file.symlink_to(target)
    log = LogSink(file, CLOCK)
    log.close()
    assert not target.exists()
    assert log.error_count == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_counted_and_its_reason_kept() -> None:
    log = LogSink(Path("/dev/full"), CLOCK)
    log.line("info", "output", "lost")
    log.flush()
    log.line("info", "output", "lost too")
    log.close()
    assert log.error_count == 2
    assert log.error_reason == f"{os.strerror(errno.ENOSPC)} (/dev/full)"


def test_a_copy_gets_what_the_file_gets(tmp_path: Path) -> None:
    copied = bytearray()

    class Copy:
        closed = False

        def write(self, data: bytes) -> None:
            copied.extend(data)

        def close(self) -> None:
            self.closed = True

    copy, file = Copy(), tmp_path / "1.log"
    log = LogSink(file, CLOCK, copy=copy)
    log.line("info", "output", "one")
    log.flush()
    log.close()
    assert bytes(copied) == file.read_bytes()
    assert copy.closed
