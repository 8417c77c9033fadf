"""Waiters as their supervisor sees them: who watches which wait, and what becomes of those whose waiter died.

One waiter serves all triggers of Dirigent's own; each folder of code has one of its own. A trigger may end its waiter,
or hold it for ever. Where it is known which one did, its wait fails, and the others go on in a new waiter. Where it
is not, they go on in two, half of them in each: what kills its waiter is soon alone in one, and then known.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from scheduler.runtime.supervisor.link import Link
from scheduler.runtime.supervisor.room import Death, Ears, Room
from scheduler.runtime.supervisor.services import Services
from scheduler.runtime.waits import Wait, Waited

_log: Final = logging.getLogger(__name__)
#: A waiter that watches nothing is ended after so long.
IDLE_S: Final = 60.0
#: What could not be started is tried again after so long.
AGAIN_S: Final = 1.0


class Watcher(Protocol):
    """Who hears of waits, on the IO thread: hand over and return."""

    def ended(self, waits: Sequence[Waited]) -> None:
        """Some have ended."""

    def said(self, lines: Mapping[int, Sequence[str]]) -> None:
        """Triggers have logged lines."""


class Waits:
    """The waiters of one supervisor. Lives on the reactor's thread. `base` returns the base process, or raises."""

    def __init__(self, services: Services, watcher: Watcher, base: Callable[[], Link]) -> None:
        self._services = services
        self._watcher = watcher
        self._base = base
        self._ears = Ears(self._ended, watcher.said, self._died)
        self._rooms: list[Room] = []
        self._is_closed = False

    def watch(self, waits: Iterable[Wait]) -> None:
        """Watch these; each ends once."""
        by_root: defaultdict[str, list[Wait]] = defaultdict(list)
        for wait in waits:
            by_root[wait.code_root].append(wait)
        for code_root, group in by_root.items():
            room = next((each for each in self._rooms if each.code_root == code_root), None)
            self._seat(group, room)

    def drop(self, ids: Collection[int]) -> None:
        """Watch these no longer."""
        for room in self._rooms:
            room.drop(ids)
            self._look_after(room)

    def close(self) -> None:
        """End them all."""
        self._is_closed = True
        for room in self._rooms:
            room.close()
        self._rooms.clear()

    def _seat(self, waits: Sequence[Wait], room: Room | None = None) -> None:
        if self._is_closed or not waits:
            return
        try:
            (room or self._open(waits[0].code_root)).watch(waits)
        except OSError as error:
            _log.error("A waiter cannot be started: %s; tried again in %g s.", error, AGAIN_S)
            self._services.reactor.call_later(AGAIN_S, partial(self._seat, waits))

    def _open(self, code_root: str) -> Room:
        room = Room(self._services, code_root, self._ears)
        room.start(self._base())
        self._rooms.append(room)
        self._look_after(room)
        return room

    def _look_after(self, room: Room) -> None:
        self._services.reactor.call_later(IDLE_S, partial(self._end_idle, room))

    def _end_idle(self, room: Room) -> None:
        if room in self._rooms and not room.waits:
            self._rooms.remove(room)
            room.close()

    def _ended(self, room: Room, waits: Sequence[Waited]) -> None:
        self._watcher.ended(waits)
        if not room.waits:
            self._look_after(room)

    def _died(self, room: Room, death: Death) -> None:
        if room in self._rooms:
            self._rooms.remove(room)
        waits = list(room.waits.values())
        if death.is_excused:
            self._services.reactor.call_later(AGAIN_S, partial(self._seat, waits))
            return
        culprit = waits[0].id if len(waits) == 1 else death.culprit
        _log.error("Of %d waits, %s", len(waits), death.words)
        guilty = [wait for wait in waits if wait.id == culprit]
        self._watcher.ended([_killer(wait, death.words) for wait in guilty])
        rest = [wait for wait in waits if wait.id != culprit]
        middle = len(rest) if guilty else (len(rest) + 1) // 2
        self._seat(rest[:middle])
        self._seat(rest[middle:])


def _killer(wait: Wait, words: str) -> Waited:
    name = wait.trigger.rpartition(".")[2]
    return Waited(id=wait.id, kind="error", error=f"trigger {name} ended or blocked the waiter: {words}")
