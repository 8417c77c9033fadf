"""Old logs go from the disk, and the folders that they leave empty; nothing else does."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.logs.pruner import prune

NOW = SystemClock().now()
OLD = NOW - timedelta(days=40)


def age(path: Path) -> None:
    os.utime(path, (OLD.timestamp(), OLD.timestamp()))


def test_old_logs_go_and_new_ones_and_those_of_live_attempts_stay(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    names = [
        "a/r/t/1.log",
        "a/r/t/1.log.500",
        "b/r/t/2.log",
        "b/r/t/3.log",
        "b/r/t/notes.log",
        "c/r/t/3.1/4.log",
    ]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        age(folder / name)
    (folder / "b/r/t/5.log").touch()
    for place, _, _ in os.walk(folder):
        age(Path(place))
    assert prune(folder, NOW - timedelta(days=30), live={2}) == 4
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == [
        "b/r/t/2.log",
        "b/r/t/5.log",
        "b/r/t/notes.log",
    ]
    assert [place.name for place in folder.iterdir()] == ["b"]


def test_a_folder_that_was_made_just_now_stays(tmp_path: Path) -> None:
    (tmp_path / "a" / "r").mkdir(parents=True)
    assert prune(tmp_path, NOW - timedelta(days=30), live=()) == 0
    assert (tmp_path / "a" / "r").is_dir()


def test_a_host_without_logs_has_none_to_prune(tmp_path: Path) -> None:
    assert prune(tmp_path / "none", NOW, live=()) == 0
