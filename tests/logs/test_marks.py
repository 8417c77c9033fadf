"""Marks outlive the process that made them, and are taken over from the dead alone."""

from __future__ import annotations

from pathlib import Path

from scheduler.logs.address import LogAddress
from scheduler.logs.marks import FOLDER, Marks


def address(attempt_id: int) -> LogAddress:
    return LogAddress(dag_id="d", run_id="r", task_id="t", path="3.1", attempt_id=attempt_id)


def test_what_a_dead_process_marked_is_taken_over_once(tmp_path: Path) -> None:
    first, second, third = (Marks(tmp_path) for _ in range(3))
    assert first.open() == []
    for number in (1, 2):
        first.add(address(number))
    first.discard(2)
    assert second.open() == []
    first.close()
    assert third.open() == [address(1)]
    third.close()
    second.close()
    fourth = Marks(tmp_path)
    assert fourth.open() == [address(1)]
    fourth.discard(1)
    fourth.close()
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_disk_that_takes_no_marks_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / FOLDER).touch()
    marks = Marks(tmp_path)
    assert marks.open() == []
    marks.add(address(1))
    marks.discard(1)
    marks.close()
