"""Children that have ended, until what they left behind has ended too: its work is part of theirs."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from scheduler.runtime import kernel

#: What was killed and does not end, such as a process that waits for a dead disk, is waited for no longer.
_PATIENCE_S: Final = 5.0
#: Between two looks where the kernel says nothing of itself.
LOOK_S: Final = 0.02


@dataclass(slots=True)
class Remains:
    """One child that has ended, and those of its session that ended after it."""

    id: int
    gone: kernel.Gone
    give_up_at: float
    left: list[kernel.Gone] = field(default_factory=list)

    @property
    def cpu_s(self) -> float:
        """What all of them took of processors."""
        return sum(each.cpu_s for each in (self.gone, *self.left))

    @property
    def peak(self) -> int:
        """The most memory that any of them held, in bytes."""
        return max(kernel.peak_memory(each.usage) for each in (self.gone, *self.left))


class Remnants:
    """Keeps children that have ended, by pid, which is the name of their session."""

    def __init__(self) -> None:
        self._kept: dict[int, Remains] = {}
        self._early: dict[int, list[kernel.Gone]] = {}  # ended just before the one whose session it was

    def __bool__(self) -> bool:
        """Tell whether any is kept."""
        return bool(self._kept)

    def keep(self, child_id: int, gone: kernel.Gone) -> None:
        """Keep a child that has ended, with what is known to be left of it."""
        left = self._early.pop(gone.pid, [])
        self._kept[gone.pid] = Remains(child_id, gone, time.monotonic() + _PATIENCE_S, left)

    def add(self, gone: kernel.Gone, living: Collection[int]) -> None:
        """Count a descendant that has ended toward the one whose session it was, kept or among the `living`."""
        if gone.session in self._kept:
            self._kept[gone.session].left.append(gone)
        elif gone.session in living:
            self._early.setdefault(gone.session, []).append(gone)

    def take(self) -> Iterator[Remains]:
        """Yield those of which nothing is left, and those that one has waited for long enough."""
        sessions = {kernel.session_of(pid) for pid in kernel.child_pids() or ()} if self._kept else set()
        for pid in list(self._kept):
            # The list of children may lack one while others end; a group is there as long as anybody of it.
            is_left = pid in sessions or kernel.kill_group(pid, 0)
            if not is_left or time.monotonic() > self._kept[pid].give_up_at:
                yield self._kept.pop(pid)
