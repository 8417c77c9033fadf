"""What keeps one attempt to its bounds: a control group where there are any, else limits of the process and a watch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from scheduler.runtime import kernel
from scheduler.runtime.supervisor.bounds import Bounds, memory_words, time_words
from scheduler.runtime.supervisor.cgroups import Group
from scheduler.runtime.supervisor.nest import FRESH, user_facts
from scheduler.runtime.supervisor.reactor import Timer
from scheduler.runtime.supervisor.services import Services

#: How often the kernel is asked whether it has cleared a group, and after how long.
_TRIES: Final = 20
_PAUSE_S: Final = 0.1


class Restraint:
    """Holds one attempt from before its birth until after its end. Lives on the reactor's thread."""

    def __init__(self, services: Services, bounds: Bounds) -> None:
        self._services = services
        self._bounds = bounds
        self._group: Group | None = None
        self._timer: Timer | None = None
        self._is_fresh = False

    def open(self, name: str, op: str) -> dict[str, Any]:
        """Return what the process is to put on itself. Raises OSError where a control group cannot be made."""
        groups, bounds = self._services.groups, self._bounds
        self._is_fresh = op == FRESH
        facts = bounds.facts | (user_facts(bounds.account) if self._is_fresh else {})
        if groups is None or (bounds.memory_bytes is None and bounds.cpus is None):
            return facts
        self._group = groups.open(f"{os.getpid()}-{name}", memory_bytes=bounds.memory_bytes, cpus=bounds.cpus)
        # The group counts what is really used, and the processes together: that is the limit which was asked for.
        facts.pop("data_bytes", None)
        if groups.cpu is not None:
            facts.pop("cores", None)
        return facts

    def believes(self, pid: int) -> bool:
        """Tell whether this can be the attempt's process. A preloader of another user may name any.

        What it names is put into a control group and killed, by a supervisor that may do that to all. One that runs
        no user code is believed.
        """
        account = self._bounds.account
        return account is None or self._is_fresh or kernel.user_of(pid) in (account.uid, None)

    @property
    def has_group(self) -> bool:
        """Whether the process is to be taken in before it may begin."""
        return self._group is not None

    def take_in(self, pid: int) -> None:
        """Put the process into its control group. Raises OSError; one that has ended already needs no group."""
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError):
                self._group.take_in(pid)

    def watch(self, pid: int, on_excess: Callable[[str], None]) -> None:
        """Look at what it takes, from time to time, as far as no kernel limit holds all of its processes together."""
        is_watched = (self._bounds.memory_bytes is not None and self._group is None) or self._bounds.cpu_s
        if is_watched:
            self._timer = self._services.reactor.call_later(
                self._services.limits.watch_s, lambda: self._look(pid, on_excess)
            )

    def excess(self) -> str:
        """Say by how much it went beyond its memory, where the kernel killed for that; else nothing."""
        limit = self._bounds.memory_bytes
        if limit is None or self._group is None or not self._group.was_exceeded(limit):
            return ""
        return memory_words(min(limit, self._group.peak_bytes() or limit), self._bounds)

    def close(self, tries: int = _TRIES) -> None:
        """End what is left of it, and give the group back."""
        if self._timer is not None:
            self._timer.cancel()
        if self._group is not None and not self._group.remove() and tries:
            self._services.reactor.call_later(_PAUSE_S, lambda: self.close(tries - 1))

    def _look(self, pid: int, on_excess: Callable[[str], None]) -> None:
        pids = kernel.family_pids(pid)
        words = self._memory_excess(pids) or self._time_excess(pids)
        if words:
            on_excess(words)
        else:
            self.watch(pid, on_excess)

    def _memory_excess(self, pids: Sequence[int]) -> str:
        limit = self._bounds.memory_bytes
        if limit is None or self._group is not None or sum(map(kernel.memory_bytes, pids)) <= limit:
            return ""
        # Counted above is also what a fork shares with its parent; to tell that apart takes longer.
        used = sum(map(kernel.own_memory_bytes, pids))
        return memory_words(used, self._bounds) if used > limit else ""

    def _time_excess(self, pids: Sequence[int]) -> str:
        limit_s = self._bounds.cpu_s
        used_s = sum(map(kernel.cpu_seconds, pids)) if limit_s is not None else 0.0
        return time_words(used_s, limit_s) if limit_s is not None and used_s > limit_s else ""
