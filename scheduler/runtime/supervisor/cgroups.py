"""Control groups: the kernel counts, and limits, what the processes of one attempt take together, whatever they fork.

Version 2 serves where this process may make groups below its own, which takes delegation (systemd: `Delegate=yes`; a
container with a writable /sys/fs/cgroup); of version 1, the hierarchies `memory` and `cpu`, which root may write to.
Version 2 gives controllers only to a group that holds no processes itself: ours then moves into one below.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from scheduler.runtime import kernel

_PREFIX: Final = "dirigent-attempt-"
_OWN: Final = "dirigent-server"
_MEMORY: Final = "memory"
_CPU: Final = "cpu"
_PROCS: Final = "cgroup.procs"
_WHERE_SWAP_IS_COUNTED: Final = frozenset({"memory.memsw.limit_in_bytes", "memory.swap.max"})
_PERIOD_US: Final = 100_000


class Unusable(Exception):
    """Why there are no control groups here, in words."""


@dataclass(frozen=True, slots=True)
class Group:
    """The control groups of one attempt: one folder a hierarchy."""

    folders: Sequence[Path]
    version: int

    def take_in(self, pid: int) -> None:
        """Move a process in; what it forks from here on stays with it. Raises OSError."""
        for folder in self.folders:
            _write(folder / _PROCS, pid)

    def was_exceeded(self, limit: int) -> bool:
        """Tell whether the kernel killed processes of it for its own limit, and not for that of all around it."""
        if self.version == 1:
            # It does not count how often the limit was hit; memory is taken in pieces, so none comes up to it exactly.
            is_full = self.peak_bytes() >= limit - limit // 32
            return is_full and self._count("memory.oom_control", "oom_kill") > 0
        return self._count("memory.events", "oom_kill") > 0 and self._count("memory.events", "oom") > 0

    def peak_bytes(self) -> int:
        """Return the most memory that they took together; 0 where the kernel does not say."""
        return int(self._text("memory.peak" if self.version == 2 else "memory.max_usage_in_bytes") or 0)

    def remove(self) -> bool:
        """Kill what is left in it, and remove it; false while the kernel still has to clear it."""
        for folder in self.folders:
            for pid in _read(folder / _PROCS).split():
                # Of another pid namespace the kernel says 0, which would be our own process group.
                if pid != "0":
                    kernel.kill(int(pid), signal.SIGKILL)
        removed = [_removed(folder) for folder in self.folders]
        return all(removed)

    def _count(self, file: str, name: str) -> int:
        words = (line.split() for line in self._text(file).splitlines())
        return next((int(count) for word, count in words if word == name), 0)

    def _text(self, name: str) -> str:
        return next((text for folder in self.folders if (text := _read(folder / name))), "")


@dataclass(frozen=True, slots=True)
class GroupTree:
    """Folders below which groups can be made that limit memory, and cores; None: not here."""

    memory: Path
    cpu: Path | None
    version: int

    def open(self, name: str, *, memory_bytes: int | None, cpus: float | None) -> Group | None:
        """Make a group whose name begins with the worker's pid; None where nothing of it can be limited here.

        Raises OSError.
        """
        settings: dict[Path, list[tuple[str, int | str]]] = {}
        if memory_bytes is not None:
            settings.setdefault(self.memory / f"{_PREFIX}{name}", []).extend(self._memory(memory_bytes))
        if cpus is not None and self.cpu is not None:
            settings.setdefault(self.cpu / f"{_PREFIX}{name}", []).extend(self._cpu(cpus))
        group = Group(list(settings), self.version)
        try:
            for folder, values in settings.items():
                folder.mkdir()
                for file, value in values:
                    if file not in _WHERE_SWAP_IS_COUNTED or (folder / file).exists():
                        _write(folder / file, value)
        except OSError:
            group.remove()
            raise
        return group if settings else None

    def clear(self) -> None:
        """Remove the groups of this process, and those that workers left behind which were killed."""
        for parent in {self.memory, self.cpu or self.memory}:
            for folder in parent.glob(f"{_PREFIX}*"):
                worker = folder.name.removeprefix(_PREFIX).partition("-")[0]
                if worker == str(os.getpid()) or not kernel.is_alive(worker):
                    _removed(folder)

    def _memory(self, limit: int) -> Sequence[tuple[str, int]]:
        """Return what limits memory, and lets nothing go to swap beyond that."""
        if self.version == 1:
            return [("memory.limit_in_bytes", limit), ("memory.memsw.limit_in_bytes", limit)]
        return [("memory.max", limit), ("memory.oom.group", 1), ("memory.swap.max", 0)]

    def _cpu(self, cpus: float) -> Sequence[tuple[str, int | str]]:
        quota_us = max(1000, int(cpus * _PERIOD_US))
        if self.version == 1:
            return [("cpu.cfs_period_us", _PERIOD_US), ("cpu.cfs_quota_us", quota_us)]
        return [("cpu.max", f"{quota_us} {_PERIOD_US}")]


def find_groups(proc: Path = Path("/proc")) -> GroupTree:
    """Return where groups can be made, and make ready what that takes. Raises Unusable, in words."""
    own, mounts = _own_groups(proc), list(_mounts(proc))
    tree = _version_2(own, mounts) or _version_1(own, mounts)
    if tree is None:
        raise Unusable("no hierarchy with a memory controller may be written to by this process")
    tree.clear()
    return tree


class _Mount(NamedTuple):
    folder: Path
    root: str  #: what of the hierarchy is mounted there
    kind: str
    options: frozenset[str]

    def place(self, group: str) -> Path:
        """Return the folder of a group; of one that is not mounted here, the mount itself."""
        inside = "/" + group.removeprefix(self.root).lstrip("/") if group.startswith(self.root) else "/"
        folder = self.folder / inside.lstrip("/")
        return folder if folder.is_dir() else self.folder


def _mounts(proc: Path) -> Iterator[_Mount]:
    for line in _read(proc / "self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        kind, _source, options = after.split(" ", 2)
        if kind.startswith("cgroup"):
            root, folder = before.split()[3:5]
            yield _Mount(Path(folder), root, kind, frozenset(options.split(",")))


def _own_groups(proc: Path) -> dict[str, str]:
    """Return the own group by controller; that of version 2 under the empty name."""
    found: dict[str, str] = {}
    for line in _read(proc / "self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        found |= dict.fromkeys(controllers.split(","), group)
    return found


def _version_2(own: dict[str, str], mounts: Sequence[_Mount]) -> GroupTree | None:
    folder = next((each.place(own[""]) for each in mounts if each.kind == "cgroup2" and "" in own), None)
    if folder is not None and folder.name == _OWN:
        folder = folder.parent  # moved there before
    if folder is None or not _may_write(folder) or _MEMORY not in _words(folder / "cgroup.controllers"):
        return None
    wanted = {_MEMORY, _CPU} & _words(folder / "cgroup.controllers")
    if not wanted <= _words(folder / "cgroup.subtree_control"):
        _hand_down(folder, wanted)
    return GroupTree(folder, folder if _CPU in wanted else None, 2)


def _hand_down(folder: Path, controllers: set[str]) -> None:
    """Give controllers to the groups below, which takes that no process is in this one. Raises Unusable."""
    server = folder / _OWN
    try:
        server.mkdir(exist_ok=True)
        _write(server / _PROCS, os.getpid())
        _write(folder / "cgroup.subtree_control", " ".join(f"+{each}" for each in sorted(controllers)))
    except OSError as error:
        with contextlib.suppress(OSError):
            _write(folder / _PROCS, os.getpid())
        _removed(server)
        raise Unusable(
            f"{folder} cannot be divided ({error.strerror}): it must hold no process but this one "
            "(systemd: Delegate=yes in a service of its own)"
        ) from None


def _version_1(own: dict[str, str], mounts: Sequence[_Mount]) -> GroupTree | None:
    memory, cpu = (_hierarchy(each, own, mounts) for each in (_MEMORY, _CPU))
    if memory is None:
        return None
    return GroupTree(memory, cpu if cpu and (cpu / "cpu.cfs_quota_us").exists() else None, 1)


def _hierarchy(controller: str, own: dict[str, str], mounts: Sequence[_Mount]) -> Path | None:
    """Return the own group in a hierarchy of version 1, where it may be written to."""
    for mount in mounts:
        if mount.kind == "cgroup" and controller in mount.options and controller in own:
            folder = mount.place(own[controller])
            return folder if _may_write(folder) else None
    return None


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and os.access(folder / _PROCS, os.W_OK)


def _words(file: Path) -> set[str]:
    return set(_read(file).split())


def _read(file: Path | None) -> str:
    try:
        return file.read_text() if file else ""
    except OSError:
        return ""


def _write(file: Path, value: int | str) -> None:
    """Write in place: these files cannot be created, and a folder that is none of the kernel's has none of them."""
    with file.open("r+") as opened:
        opened.write(str(value))


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
