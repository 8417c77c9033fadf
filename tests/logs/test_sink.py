"""A log is masked, bounded and on disk at once; one that cannot be written harms nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import DIRIGENT, LogLine, decode_lines
from scheduler.logs.mask import Masker
from scheduler.logs.reader import read
from scheduler.logs.segments import first_position
from scheduler.logs.sink import LINE_LIMIT, LogSink

CLOCK = SystemClock()
ADDRESS = LogAddress(dag_id="shop", run_id="r", task_id="load", attempt_id=1)


def texts(file: Path) -> list[str]:
    return [line.text for line in lines(file)]


def lines(file: Path) -> tuple[LogLine, ...]:
    return decode_lines(file.read_bytes())


def test_a_line_keeps_time_level_source_and_text(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    before = CLOCK.now()
    log = LogSink(file, CLOCK)
    log.line("warning", "logging", "zwölf\tof\n12", logger="shop.prices")
    log.close()
    line = lines(file)[0]
    assert (line.level, line.source, line.logger) == ("warning", "logging", "shop.prices")
    assert line.text == "zwölf\tof\n12"
    assert line.at is not None
    assert before <= line.at <= CLOCK.now()


def test_what_was_flushed_can_be_read_while_the_log_is_open(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK)
    log.line("info", "stdout", "one")
    log.line("info", "stdout", "two")
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
    log.line("info", "stdout", "password=hunter22;")
    log.masker.add(["later1"])
    log.line("info", "stdout", "hunter22 later1")
    log.close(text="ended with hunter22")
    assert texts(file) == ["password=***;", "*** ***", "ended with ***"]


def test_half_a_secret_at_the_end_of_a_cut_line_is_masked(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK, masker=Masker(["hunter22"]))
    log.line("info", "stdout", "the password is hunt", is_cut=True)
    log.close()
    assert texts(file)[0] == "the password is *** … [line cut]"


def test_a_secret_across_the_cut_of_a_line_does_not_show(tmp_path: Path) -> None:
    file = tmp_path / "1.log"
    log = LogSink(file, CLOCK, masker=Masker(["hunter22"]))
    log.line("info", "stdout", "x" * (LINE_LIMIT - 4) + "hunter22" + "y" * 100)
    log.close()
    assert "hunt" not in texts(file)[0]


def test_of_a_log_that_is_too_long_beginning_and_end_are_kept(tmp_path: Path) -> None:
    log = LogSink(ADDRESS.file(tmp_path), CLOCK, limit=100_000)
    for number in range(2_000):
        log.line("info", "stdout", f"line {number} " + "x" * 50)
    log.close(text="the end")
    part = read(tmp_path, ADDRESS, 0)
    assert part is not None
    assert part.done
    (gap,) = [
        number for number, line in enumerate(part.lines) if line.source == DIRIGENT and not line.is_last
    ]
    assert part.lines[gap].text.endswith(
        "dropped here: the log is longer than DIRIGENT_LOG_MAX_BYTES allows."
    )
    numbers = [int(line.text.split()[1]) for line in part.lines if line.source == "stdout"]
    assert numbers[:gap] == list(range(gap))
    assert numbers[gap:] == list(range(numbers[gap], 2_000))
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.log*")) <= 100_000


def test_a_secret_at_a_gap_does_not_show(tmp_path: Path) -> None:
    log = LogSink(ADDRESS.file(tmp_path), CLOCK, limit=10_000, masker=Masker(["hunter22"]))
    for _ in range(2_000):
        log.line("info", "stdout", "hunter22")
        log.flush()
    log.close()
    assert not any(b"hun" in file.read_bytes() for file in tmp_path.rglob("*.log*"))


def test_a_later_epoch_writes_on(tmp_path: Path) -> None:
    for epoch in (1, 2):
        LogSink(ADDRESS.file(tmp_path), CLOCK, start=first_position(epoch)).close(text=f"{epoch}")
    part = read(tmp_path, ADDRESS, 0)
    assert part is not None
    assert [line.text for line in part.lines] == ["1", "2"]


def test_a_log_that_cannot_be_written_counts_its_errors_and_keeps_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "in the way" / "1.log"
    file.parent.touch()
    log = LogSink(file, CLOCK)
    log.line("info", "stdout", "lost")
    log.flush()
    log.line("info", "stdout", "lost too")
    log.close()
    assert log.error_count == 2
    assert log.error_reason == f"{os.strerror(errno.EEXIST)} ({file})"


def test_a_copy_gets_what_the_file_gets(tmp_path: Path) -> None:
    copied: dict[int, bytes] = {}

    class Copy:
        closed = False

        def write(self, position: int, data: bytes) -> None:
            copied[position] = data

        def close(self) -> None:
            self.closed = True

    copy, file = Copy(), tmp_path / "1.log"
    log = LogSink(file, CLOCK, copy=copy)
    log.line("info", "stdout", "one")
    log.flush()
    log.close()
    first, second = copied.items()
    assert (first[0], second[0]) == (0, len(first[1]))
    assert first[1] + second[1] == file.read_bytes()
    assert copy.closed
