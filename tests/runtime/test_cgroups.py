"""Control groups, of whichever version this machine lets the tests use, and the files of both."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.runtime.supervisor.cgroups import Group, GroupTree, Unusable, find_groups
from scheduler.wire import Isolation
from tests.runtime.conftest import Crew
from tests.runtime.processes import wait_until

MB = 1024 * 1024


def files_of(folder: Path, **contents: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name.replace("_", ".", 1)).write_text(content)
    return folder


def system(tmp_path: Path, own: str, mounts: str) -> Path:
    proc = tmp_path / "proc"
    files_of(proc / "self").joinpath("cgroup").write_text(own)
    (proc / "self/mountinfo").write_text(mounts)
    return proc


def version_2(
    tmp_path: Path, *, controllers: str = "cpu io memory pids", handed_down: str = "cpu memory"
) -> Path:
    """Lay out what a kernel shows of a delegated group; that it is no kernel, its files cannot tell."""
    files_of(
        tmp_path / "fs/shop.service",
        cgroup_procs="",
        cgroup_controllers=controllers,
        cgroup_subtree_control=handed_down,
    )
    return system(
        tmp_path,
        "0::/system.slice/shop.service\n",
        f"30 23 0:26 /system.slice {tmp_path}/fs rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
    )


def test_a_delegated_group_of_version_2_is_found_by_its_mount(tmp_path: Path) -> None:
    tree = find_groups(version_2(tmp_path))
    folder = tmp_path / "fs/shop.service"
    assert tree == GroupTree(folder, folder, 2)


def test_a_group_that_has_not_handed_its_controllers_down_yet_does_so_once_it_is_empty(
    tmp_path: Path,
) -> None:
    proc = version_2(tmp_path, handed_down="")
    files_of(tmp_path / "fs/shop.service/dirigent-server", cgroup_procs="")
    find_groups(proc)
    assert (tmp_path / "fs/shop.service/dirigent-server/cgroup.procs").read_text() == str(os.getpid())
    assert (tmp_path / "fs/shop.service/cgroup.subtree_control").read_text() == "+cpu +memory"


def test_without_a_memory_controller_there_are_no_groups(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no hierarchy with a memory controller"):
        find_groups(version_2(tmp_path, controllers="io pids"))


def test_a_group_that_cannot_be_divided_is_left_as_it_was_and_the_reason_said(tmp_path: Path) -> None:
    proc = version_2(tmp_path, handed_down="")  # a folder in which no file appears by itself
    with pytest.raises(Unusable, match=r"shop\.service cannot be divided \(No such file or directory\)"):
        find_groups(proc)
    assert not (tmp_path / "fs/shop.service/dirigent-server").exists()


def test_both_hierarchies_of_version_1_are_found(tmp_path: Path) -> None:
    memory = files_of(tmp_path / "memory/box", cgroup_procs="")
    cpu = files_of(tmp_path / "cpu", cgroup_procs="", cpu_cfs_quota_us="-1")
    (cpu / "cpu.cfs_quota_us").touch()
    proc = system(
        tmp_path,
        "4:memory:/box\n1:cpu,cpuacct:/\n0::/\n",
        f"35 31 0:32 / {tmp_path}/memory rw - cgroup cgroup rw,memory\n"
        f"32 31 0:29 / {tmp_path}/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
    )
    assert find_groups(proc) == GroupTree(memory, cpu, 1)


def test_groups_of_workers_that_are_gone_are_removed(tmp_path: Path) -> None:
    proc = version_2(tmp_path)
    left = files_of(tmp_path / "fs/shop.service/dirigent-attempt-999999999-7-1")
    in_use = files_of(tmp_path / f"fs/shop.service/dirigent-attempt-{os.getppid()}-8-1")
    find_groups(proc)
    assert (left.exists(), in_use.exists()) == (False, True)


@pytest.mark.parametrize(
    ("version", "files", "was_exceeded"),
    [
        (2, {"memory_events": "low 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 1\n"}, True),
        (2, {"memory_events": "low 0\nmax 0\noom 0\noom_kill 1\noom_group_kill 0\n"}, False),
        (2, {"memory_events": "low 0\nmax 9\noom 1\noom_kill 0\n"}, False),
        (2, {}, False),
        (
            1,
            {"memory_oom_control": "under_oom 0\noom_kill 1\n", "memory_max_usage_in_bytes": "99900000\n"},
            True,
        ),
        (
            1,
            {"memory_oom_control": "under_oom 0\noom_kill 1\n", "memory_max_usage_in_bytes": "50000000\n"},
            False,
        ),
    ],
)
def test_a_kill_for_the_limit_of_all_is_not_taken_for_one_for_its_own(
    tmp_path: Path, version: int, files: dict[str, str], was_exceeded: bool
) -> None:
    assert Group([files_of(tmp_path / "group", **files)], version).was_exceeded(100_000_000) is was_exceeded


def usable() -> GroupTree | None:
    try:
        return find_groups()
    except Unusable:
        return None


#: What this machine lets the tests do: as root with version 1, or version 2 in a container or service of its own.
TREE = usable()
#: Touches what it takes: a control group counts what is used.
GREEDY = "def task(): b'x' * (200 * 1024 * 1024)"

if TREE is not None:

    @pytest.fixture
    def grouped(make_crew: Callable[..., Crew]) -> Crew:
        return make_crew(groups=TREE)

    @pytest.mark.parametrize("mode", ["fork", "fresh"])
    def test_the_kernel_kills_a_task_that_uses_more_than_its_group_may(grouped: Crew, mode: str) -> None:
        asked = Isolation(mode="fork" if mode == "fork" else "fresh", memory_bytes=100 * MB)
        outcome = grouped.run_code(GREEDY, isolation=asked)
        assert (outcome.state, outcome.retryable, outcome.signal) == ("failed", True, signal.SIGKILL)
        assert outcome.reason == "killed: used 100 MB of 100 MB (memory_limit)"

    def test_what_is_reserved_and_not_used_does_not_count(grouped: Crew) -> None:
        outcome = grouped.run_code(
            "import mmap\ndef task(): mmap.mmap(-1, 500 * 1024 * 1024)",
            isolation=Isolation(memory_bytes=100 * MB),
        )
        assert outcome.state == "success"

    def test_processes_of_a_task_count_together(grouped: Crew) -> None:
        outcome = grouped.run_code(
            """
            import subprocess, sys
            hold = "held = b'x' * (80 * 1024 * 1024); print('held', flush=True); input()"
            def task():
                children = [subprocess.Popen([sys.executable, "-c", hold], stdin=-1, stdout=-1) for _ in range(3)]
                told = [each.stdout.readline() for each in children]
                # One may have been killed just after it said so.
                are_there = [each.poll() is None for each in children]
                for each in children: each.kill()
                assert told == [b"held\\n"] * 3 and all(are_there), "a child is gone"
            """,
            isolation=Isolation(memory_bytes=150 * MB),
        )
        assert outcome.state == "failed"
        assert "used 150 MB of 150 MB (memory_limit)" in outcome.reason

    def test_nothing_is_left_of_the_groups_of_ended_attempts(grouped: Crew) -> None:
        asked = Isolation(memory_bytes=100 * MB, cpus=0.5)
        assert grouped.run_code(GREEDY, isolation=asked).state == "failed"
        parents = {TREE.memory, TREE.cpu or TREE.memory}
        wait_until(
            lambda: not [each for one in parents for each in one.glob(f"dirigent-attempt-{os.getpid()}-*")]
        )

    if TREE.cpu is not None:

        def test_a_task_computes_as_much_as_it_asks_for_and_keeps_all_cores(grouped: Crew) -> None:
            """Half a core: of the time that goes by, it cannot compute much more than half."""
            outcome = grouped.run_code(
                """
                import os, time
                def task():
                    began_s, used_s = time.perf_counter(), time.process_time()
                    while time.process_time() - used_s < 0.4: pass
                    return [len(os.sched_getaffinity(0)), time.perf_counter() - began_s]
                """,
                isolation=Isolation(cpus=0.5),
            )
            cores, seconds = outcome.xcoms["return_value"]
            assert cores == len(os.sched_getaffinity(0))
            assert seconds > 0.55
