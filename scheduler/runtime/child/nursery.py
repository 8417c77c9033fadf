"""A process that forks on request and tells how its children end: base process and preloaders are one.

It has one thread, reads requests from its control socket, and never runs user code while it serves. What it
forks
becomes something else by a *birth*, a function that never returns.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from scheduler.runtime import kernel
from scheduler.runtime.child.remains import LOOK_S, Remnants
from scheduler.runtime.child.spare import Asked, Stock
from scheduler.runtime.frames import EXIT_OUT_OF_TOUCH, FrameReader, encode

Request = dict[str, Any]
#: Called in the new process with the request and its descriptors.
Birth = Callable[[Request, Sequence[int]], NoReturn]

_MAX_FDS: Final = 8
_CRASHED: Final = 70
_HANDLED: Final = (signal.SIGCHLD, signal.SIGTERM)
_FORGOTTEN: Final = (*_HANDLED, signal.SIGINT)


class SupervisorGone(Exception):
    """Nobody is left to report to."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties a nursery to those above: its control socket, and a pipe that ends with its parent."""

    control: socket.socket
    parent_fd: int | None

    def cut(self) -> None:
        """Close both: a child must not keep its ancestors' sockets open."""
        self.control.close()
        if self.parent_fd is not None:
            os.close(self.parent_fd)


class Nursery:
    """Serves requests until its supervisor or its parent is gone, then leaves nothing behind.

    `grace_s`: how long children that are nurseries themselves get to clean up after SIGTERM; 0 kills at once.
    `has_spare`: whether children are forked ahead of the next requests.
    """

    def __init__(
        self, ties: Ties, births: Mapping[str, Birth], *, grace_s: float, has_spare: bool = False
    ) -> None:
        self._ties = ties
        self._births = births
        self._grace_s = grace_s
        self._reader = FrameReader()
        self._fds: list[int] = []
        self._children: dict[int, int] = {}  # pid -> id
        self._remnants = Remnants()
        self._life_r, self._life_w = os.pipe()
        self._wake_r, self._wake_w = os.pipe()
        self._poll = select.poll()
        self._stock = Stock(self._fork_into, at_rest=1 if has_spare else 0)
        self._hold_until: float | None = None

    @property
    def life_fd(self) -> int:
        """Read end of a pipe whose other end only this process holds: for children that are nurseries."""
        return self._life_r

    def serve(self, **facts: Any) -> NoReturn:
        """Say that it is ready, then fork and reap until supervisor or parent are gone, or SIGTERM comes."""
        kernel.adopt_orphans()
        self._listen_to_signals()
        for fd in (self._ties.control.fileno(), self._ties.parent_fd, self._wake_r):
            if fd is not None:
                self._poll.register(fd, select.POLLIN)
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self.tell("ready", **facts)
            while True:
                self._turn()
        except SupervisorGone:
            self._end()

    def tell(self, note: str, **facts: Any) -> None:
        """Send a notice to the supervisor."""
        try:
            self._ties.control.sendall(encode({"note": note, **facts}))
        except OSError:
            raise SupervisorGone from None

    def _listen_to_signals(self) -> None:
        # User code that was imported here may have left its own handlers and masks.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.set_blocking(self._wake_w, False)
        os.set_blocking(self._wake_r, False)
        for signum in _HANDLED:
            signal.signal(signum, _noted)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self._wake_w, warn_on_full_buffer=False)

    def _turn(self) -> None:
        ready = self._poll.poll(self._pause_ms())
        if not ready:
            self._stock.tend()
        for fd, _ in ready:
            if fd == self._wake_r:
                self._take_signals()
            elif fd == self._ties.parent_fd:
                raise SupervisorGone
            else:
                self._take_requests()
        if self._remnants:
            self._tell_ended()
        if self._patience_ms() == 0:
            self._end(EXIT_OUT_OF_TOUCH)

    def _pause_ms(self) -> float | None:
        """Return how long nobody need look at anything."""
        if self._stock.is_short:
            return 0
        if self._remnants:
            return LOOK_S * 1000
        rest_s = self._stock.rest_s
        pauses = (self._patience_ms(), None if rest_s is None else math.ceil(1000 * rest_s))
        return min((each for each in pauses if each is not None), default=None)

    def _patience_ms(self) -> int | None:
        """Return how long to wait for what is asked; 0 where the hold on what runs below has run out."""
        if self._hold_until is None:
            return None
        return max(0, math.ceil(1000 * (self._hold_until - time.monotonic())))

    def _take_signals(self) -> None:
        if signal.SIGTERM in os.read(self._wake_r, 4096):
            raise SupervisorGone
        self._reap()

    def _take_requests(self) -> None:
        try:
            piece, fds, _, _ = socket.recv_fds(self._ties.control, 65536, _MAX_FDS)
        except OSError:
            raise SupervisorGone from None
        if not piece:
            raise SupervisorGone
        for fd in fds:
            os.set_inheritable(fd, False)
        self._fds += fds
        for request in self._reader.feed(piece):
            self._obey(request)

    def _obey(self, request: Request) -> None:
        if request["op"] == "kill":
            self._kill(request["id"], request["signal"])
            return
        if request["op"] == "hold":
            self._hold_until = request["until"]
            return
        count = request["fds"]
        fds, self._fds = self._fds[:count], self._fds[count:]
        self._fork(request, fds)
        for fd in fds:
            os.close(fd)

    def _kill(self, child_id: int, signum: int) -> None:
        for pid, known in self._children.items():
            if known == child_id and not kernel.kill_group(pid, signum):
                # It has just been forked, and leads no group yet.
                kernel.kill(pid, signum)

    def _fork(self, request: Request, fds: Sequence[int]) -> None:
        try:
            pid = self._stock.use(request, fds) or self._fork_into(lambda: (request, fds))
        except OSError as error:
            self.tell("refused", id=request["id"], reason=str(error))
            return
        self._children[pid] = request["id"]
        self.tell("started", id=request["id"], pid=pid)

    def _fork_into(self, asked: Callable[[], Asked | None]) -> int:
        """Fork a child that becomes what `asked` tells it; return its pid. Raises OSError."""
        parent_pid = os.getpid()
        # A signal that reached the child with our handlers would be written to our wake-up pipe.
        signal.pthread_sigmask(signal.SIG_BLOCK, _FORGOTTEN)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(asked, parent_pid)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORGOTTEN)
        return pid

    def _become(self, asked: Callable[[], Asked | None], parent_pid: int) -> NoReturn:
        """In the child: leave the nursery behind and be born. Nothing escapes into the parent's code."""
        try:
            os.setsid()
            _forget_signals()
            kernel.die_with_parent(_death_signal(self._grace_s), parent_pid)
            for fd in (self._wake_r, self._wake_w, self._life_w, *self._fds):
                os.close(fd)
            if self._grace_s == 0:
                os.close(self._life_r)
            self._ties.cut()
            self._stock.leave_behind()
            gc.enable()
            if (found := asked()) is not None:
                request, fds = found
                self._births[request["op"]](request, fds)
            os._exit(0)
        except SupervisorGone:
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the edge of a process
            traceback.print_exc()
        finally:
            os._exit(_CRASHED)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (gone := kernel.reap_child()) is not None:
                self._report(gone)
        self._kill_strays()
        self._tell_ended()

    def _report(self, gone: kernel.Gone) -> None:
        self._stock.give_up(gone.pid)
        if gone.pid in self._children:
            self._remnants.keep(self._children.pop(gone.pid), gone)
        else:
            self._remnants.add(gone, self._children)

    def _tell_ended(self) -> None:
        """Tell of children of which nothing is left any more."""
        for each in self._remnants.take():
            self.tell("ended", id=each.id, status=each.gone.status, cpu_s=each.cpu_s, peak=each.peak)

    def _kill_strays(self) -> None:
        """Kill descendants that outlived the one that started them, in whichever session they hide.

        An attempt adopts its own orphans while it lives, so what arrives here is left over from one that
        ended.
        """
        for pid in kernel.child_pids() or ():
            if pid not in self._children and pid not in self._stock:
                kernel.kill_group(pid, signal.SIGKILL)
                kernel.kill(pid, signal.SIGKILL)

    def _end(self, code: int = 0) -> NoReturn:
        """Kill everything below, as far as the kernel lets one know of it."""
        if self._grace_s:
            self._signal_children(signal.SIGTERM)
            self._wait_for_children(self._grace_s)
        self._signal_children(signal.SIGKILL)
        self._wait_for_children(0.5)
        os._exit(code)

    def _signal_children(self, signum: signal.Signals) -> None:
        for pid in self._children:
            kernel.kill_group(pid, signum)

    def _wait_for_children(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        with contextlib.suppress(ChildProcessError):
            while (left := deadline - time.monotonic()) > 0:
                while (gone := kernel.reap_child()) is not None:
                    self._children.pop(gone.pid, None)
                self._kill_strays()
                if select.select([self._wake_r], [], [], min(left, 0.02))[0]:
                    os.read(self._wake_r, 4096)


def _noted(_signum: int, _frame: object) -> None:
    """Do nothing: that it is handled makes Python write to the wake-up pipe."""


def _death_signal(grace_s: float) -> signal.Signals:
    return signal.SIGTERM if grace_s else signal.SIGKILL


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    for signum in _FORGOTTEN:
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORGOTTEN)
