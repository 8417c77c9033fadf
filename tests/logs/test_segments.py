"""A log takes no more room than its bound: its beginning and its newest end are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.logs.segments import PER_EPOCH, SegmentWriter, first_position, segments

LIMIT = 800


def kept(file: Path) -> dict[int, bytes]:
    return {start: part.read_bytes() for start, part in segments(file)}


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=30), min_size=1, max_size=12))
def test_what_is_kept_is_true_to_its_position_within_the_bound_and_ends_with_the_newest_line(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[int]]
) -> None:
    file = tmp_path_factory.mktemp("log") / "7.log"
    writer, whole = SegmentWriter(file, LIMIT), b""
    for sizes in writes:
        data = b"".join(b"%02d" % size + b"x" * size + b"\n" for size in sizes)
        writer.write(len(whole), data)
        whole += data
        found = kept(file)
        assert all(whole[start : start + len(part)] == part for start, part in found.items())
        assert sum(map(len, found.values())) <= LIMIT
        assert max(start + len(part) for start, part in found.items()) == len(whole)
        assert whole.startswith(found[0])
        assert len(whole) > LIMIT // 2 or found == {0: whole}
    writer.close()


def test_a_line_that_is_longer_than_any_file_is_kept_whole(tmp_path: Path) -> None:
    file = tmp_path / "7.log"
    writer = SegmentWriter(file, 100)
    lines = [b"a\n", b"b" * 500 + b"\n", b"c\n"]
    writer.write(0, b"".join(lines))
    writer.close()
    assert b"".join(kept(file).values()).endswith(b"c\n")
    assert lines[1] in kept(file).values() or 0 in kept(file)


def test_a_later_epoch_has_files_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "7.log"
    for epoch in (1, 2):
        writer = SegmentWriter(file, LIMIT)
        writer.write(first_position(epoch), b"%d\n" % epoch)
        writer.close()
    assert kept(file) == {0: b"1\n", PER_EPOCH: b"2\n"}


def test_what_an_earlier_database_left_under_this_number_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "7.log"
    for name in ("7.log", "7.log.500", "7.log.note", "70.log"):
        (tmp_path / name).write_bytes(b"stale\n")
    writer = SegmentWriter(file, LIMIT)
    writer.write(0, b"new\n")
    writer.close()
    assert kept(file) == {0: b"new\n"}
    assert (tmp_path / "7.log.note").exists()
    assert (tmp_path / "70.log").exists()


def test_after_a_failure_the_log_goes_on_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "d" / "7.log"
    writer = SegmentWriter(file, LIMIT)
    file.parent.write_bytes(b"in the way")
    with pytest.raises(OSError, match="File exists"):
        writer.write(0, b"lost\n")
    file.parent.unlink()
    writer.write(5, b"found\n")
    writer.close()
    assert kept(file) == {5: b"found\n"}


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    outside, file = tmp_path / "outside", tmp_path / "7.log"
    outside.write_bytes(b"precious")
    file.symlink_to(outside)
    writer = SegmentWriter(file, LIMIT)
    writer.write(0, b"line\n")
    writer.close()
    assert outside.read_bytes() == b"precious"
