"""The base process as its supervisor sees it: executed when first needed, and again after it died."""

from __future__ import annotations

import logging
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scheduler.runtime import kernel
from scheduler.runtime.frames import EXIT_OUT_OF_TOUCH
from scheduler.runtime.sockets import open_pair
from scheduler.runtime.supervisor.link import Link
from scheduler.runtime.supervisor.services import Services
from scheduler.wire import Data

_log: Final = logging.getLogger(__name__)

#: What base and preloaders may take to kill what is below them.
_END_S: Final = 3.0


class Root:
    """Keeps one base process.

    `on_death` is called when it died, then `on_lost` of what it forked.
    """

    def __init__(
        self,
        services: Services,
        command: Sequence[str],
        environ: Mapping[str, str],
        on_death: Callable[[], None],
    ) -> None:
        self._services = services
        self._command = command
        self._environ = environ
        self._on_death = on_death
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._hold_until: float | None = None

    @property
    def pid(self) -> int | None:
        """Pid of the base process, None where there is none now."""
        return self._process.pid if self._process else None

    def link(self) -> Link:
        """Return the link to a living base process; starts one where there is none. Raises OSError."""
        if self._link is None:
            self._start()
        assert self._link is not None
        return self._link

    def hold(self, until: float) -> None:
        """Let the base process, and one that is started later, live until an instant of the monotonic clock."""
        self._hold_until = until
        if self._link is not None:
            self._link.hold(until)

    def look(self) -> None:
        """Kill the base process where it does not fork: nothing could start any more."""
        if self._link is not None and self._link.silent_s() > self._services.limits.fork_s and self.pid:
            _log.error("The base process did not fork within %g s.", self._services.limits.fork_s)
            kernel.kill_group(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the base process and all below it; waits until they are gone."""
        if self._link is not None:
            self._link.close()
        self._reap(_END_S)

    def _start(self) -> None:
        ours, theirs = open_pair()
        with theirs:
            try:
                self._process = self._execute(theirs.fileno())
            except OSError:
                ours.close()
                raise
        self._link = Link(self._services.reactor, self._services.clock, ours, _nothing, self._ended)
        if self._hold_until is not None:
            self._link.hold(self._hold_until)

    def _execute(self, control_fd: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._command, str(control_fd)],
            pass_fds=[control_fd],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _ended(self, _fault: str) -> None:
        link, self._link = self._link, None
        words = self._reap(_END_S)
        _log.error("The base process %s; the attempts below it are lost, the next one starts another.", words)
        self._on_death()
        if link is not None:
            link.lose(f"lost with the base process, which {words}")

    def _reap(self, timeout_s: float) -> str:
        process, self._process = self._process, None
        if process is None:
            return "was not running"
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            kernel.kill_group(process.pid, signal.SIGKILL)
            process.wait()
        return _death_words(process.returncode)


def _death_words(code: int) -> str:
    if code == EXIT_OUT_OF_TOUCH:
        return "ended because this worker did not renew its leases in time"
    return f"exited with code {code}" if code >= 0 else f"was killed by {kernel.signal_name(-code)}"


def _nothing(_message: Data) -> None:
    """Requests may be sent before the base process is ready: they wait in the socket."""
