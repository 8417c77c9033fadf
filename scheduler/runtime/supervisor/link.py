"""The supervisor's end of a nursery: asks it to fork, tells keepers what became of their child.

What a nursery says is looked at before it is acted on: a preloader imported user code, which may speak in its place.
"""

from __future__ import annotations

import itertools
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from scheduler.clock import Clock
from scheduler.runtime.frames import BadFrame
from scheduler.runtime.supervisor.framed import FramedSocket
from scheduler.runtime.supervisor.reactor import Reactor
from scheduler.shapes import check_shape
from scheduler.wire import Data

_ids: Final = itertools.count(1)
_LAST_PID: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Started:
    """That a process was forked."""

    pid: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a process could not be forked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, as its parent's wait saw it. `status` is raw."""

    status: int
    cpu_s: float
    peak_memory_bytes: int


class Keeper(Protocol):
    """Who wants to know of a child."""

    def on_started(self, pid: int) -> None:
        """It was forked."""

    def on_ended(self, ended: Ended) -> None:
        """It ended; nothing of its process group is left. The last word."""

    def on_lost(self, reason: str) -> None:
        """It could not be forked, or its nursery is gone. The last word."""


class Link:
    """One nursery. `on_ready` gets its first message; `on_end` is told when the socket ends, and what was wrong."""

    def __init__(
        self,
        reactor: Reactor,
        clock: Clock,
        sock: socket.socket,
        on_ready: Callable[[Data], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._on_ready = on_ready
        self._on_end = on_end
        self._clock = clock
        self._keepers: dict[int, Keeper] = {}
        self._is_up = False
        self._asked_at: dict[int, float] = {}  #: of forks that were not answered yet, the oldest first
        self._socket = FramedSocket(reactor, sock, on_message=self._take, on_end=on_end)

    @property
    def is_idle(self) -> bool:
        """Whether it has no children."""
        return not self._keepers

    def fork(self, keeper: Keeper, op: str, fds: Sequence[int], **facts: Any) -> int:
        """Ask for a child; return the id by which to kill it. Takes the descriptors."""
        child_id = next(_ids)
        self._keepers[child_id] = keeper
        self._asked_at[child_id] = self._clock.monotonic()
        self._socket.send({"op": op, "id": child_id, "fds": len(fds), **facts}, fds)
        return child_id

    def silent_s(self) -> float:
        """Return for how long a nursery that is up has owed an answer to a fork; 0 where it owes none."""
        asked_at = next(iter(self._asked_at.values()), None)
        if asked_at is None or not self._is_up:
            return 0.0
        return self._clock.monotonic() - asked_at

    def kill(self, child_id: int, signum: signal.Signals) -> None:
        """Have a child's process group signalled, if it is still alive."""
        if child_id in self._keepers:
            self._socket.send({"op": "kill", "id": child_id, "signal": int(signum)})

    def hold(self, until: float) -> None:
        """Have the nursery end, and all below it, at an instant of the monotonic clock, unless it is put off again."""
        self._socket.send({"op": "hold", "until": until})

    def drain(self) -> None:
        """Read what the nursery said before it ended."""
        self._socket.drain()

    def lose(self, reason: str) -> None:
        """Tell the keepers of all children that the nursery is gone."""
        self._socket.close()
        lost, self._keepers = list(self._keepers.values()), {}
        for keeper in lost:
            keeper.on_lost(reason)

    def close(self) -> None:
        """Close the socket, which makes the nursery kill its children and end."""
        self._socket.close()

    def _take(self, message: Data) -> None:
        match note := self._read(message):
            case None:
                self._is_up = True
                self._asked_at = dict.fromkeys(self._asked_at, self._clock.monotonic())
                self._on_ready(message)
            case Started():
                self._asked_at.pop(message["id"], None)
                self._keepers[message["id"]].on_started(note.pid)
            case Refused():
                self._asked_at.pop(message["id"], None)
                self._keepers.pop(message["id"]).on_lost(f"could not be started: {note.reason}")
            case Ended():
                self._keepers.pop(message["id"]).on_ended(note)

    def _read(self, message: Data) -> Started | Refused | Ended | None:
        """Return what is told of a child, None where it is of the nursery itself. Raises BadFrame."""
        try:
            note = read_note(message)
            if note is not None and message["id"] not in self._keepers:
                raise ValueError(f"there is no child {message['id']}")
        except (KeyError, TypeError, ValueError) as error:
            raise BadFrame(f"a note cannot be read: {error}") from error
        return note


def read_note(message: Data) -> Started | Refused | Ended | None:
    """Return what a note tells of a child, None where it tells of none. Raises KeyError, TypeError, ValueError."""
    note: Started | Refused | Ended
    match message["note"]:
        case "started":
            note = Started(message["pid"])
        case "refused":
            note = Refused(message["reason"])
        case "ended":
            note = Ended(message["status"], message["cpu_s"], message["peak"])
        case _:
            return None
    check_shape(note)
    if isinstance(note, Started) and not 1 < note.pid <= _LAST_PID:
        # To the kernel 0 is the supervisor itself, and the group 1 all processes that there are.
        raise ValueError(f"no child is process {note.pid}")
    return note
