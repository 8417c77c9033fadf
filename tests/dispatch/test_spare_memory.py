"""How much memory a worker may still take."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from scheduler.dispatch.spare_memory import group_rooms, spare_memory


@pytest.fixture
def groups(tmp_path):
    """A tree of control groups: the outer one has a limit, the inner one has a wider one, the root has none."""
    outer = tmp_path / "groups" / "pod"
    write(outer, "1000", "700", kept="200")
    write(outer / "worker", "5000", "100", kept="0")
    write(tmp_path / "groups", "max", "9000", kept="0")
    (tmp_path / "own").write_text("0::/pod/worker\n")
    return tmp_path


def write(folder: Path, limit: str, used: str, kept: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {kept}\nactive_file 7\n")


def test_every_group_above_bounds_what_is_free_and_files_can_be_dropped(groups):
    assert list(group_rooms(groups / "groups", groups / "own")) == [4900, 500]


def test_a_host_without_groups_bounds_nothing(tmp_path):
    (tmp_path / "own").write_text("0::/\n")
    assert list(group_rooms(tmp_path, tmp_path / "own")) == []
    assert list(group_rooms(tmp_path, tmp_path / "missing")) == []


def test_a_part_of_what_the_machine_has_free_is_left_alone():
    assert 0 < spare_memory() < psutil.virtual_memory().total
