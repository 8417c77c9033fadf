"""A server of one's own: started, awaited, stopped, started again."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Self

import psutil

PATIENCE_S = 60
#: Below the range that Linux uses for outgoing connections, so that none takes ours in between.
PORTS = range(20_000, 32_000)


class ProgramMissing(Exception):
    """A server cannot be started here, for its program is not installed."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(
            f"{program} is not installed: sudo apt-get install --no-install-recommends {package}"
        )


class ServerDied(Exception):
    """A server ended, or gave no answer, while it was being started."""


def find_program(name: str, package: str, folders: Iterable[Path] = ()) -> Path:
    """Find a program in `folders` (the last one wins: the newest version), else on PATH."""
    for folder in [*reversed(list(folders)), Path("/usr/sbin"), Path("/usr/local/sbin")]:
        if (path := folder / name).exists():
            return path
    if found := shutil.which(name):
        return Path(found)
    raise ProgramMissing(name, package)


def free_port(width: int = 1) -> int:
    """Choose the first of `width` neighbouring ports of the loopback interface that nobody listens on."""
    # Not `random`: pytest-randomly seeds it alike in every worker.
    for port in secrets.SystemRandom().sample(PORTS, 100):
        if all(_is_free(neighbour) for neighbour in range(port, port + width)):
            return port
    raise ServerDied(f"no free port among 100 tried in {PORTS}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def unprivileged(names: Sequence[str]) -> str | None:
    """Choose the system user that the server runs as: the first there is, or None where we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in names if name in known)


class Server(ABC):
    """A server with a folder and a port of its own. As a context manager it runs inside the block."""

    #: The Debian package that brings the program.
    package: ClassVar[str]
    #: Whom to run as when we are root, in order of preference.
    users: ClassVar[Sequence[str]]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    #: How many neighbouring ports it listens on.
    ports: ClassVar[int] = 1

    def __init__(self, folder: Path) -> None:
        """Prepare `folder`, which the server's user must be able to reach (so none below a 0700 folder)."""
        self.folder = folder
        self.port = free_port(self.ports)
        self.password = secrets.token_hex(16)
        self.user = unprivileged(self.users)
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, mode=0o700)
        self.prepare()

    @property
    @abstractmethod
    def url(self) -> str:
        """The address to connect to, password included."""

    @classmethod
    @abstractmethod
    def program(cls) -> Path:
        """Find the server's program, or raise ProgramMissing."""

    @abstractmethod
    def prepare(self) -> None:
        """Lay out the folder, once, and hand it to the server's user."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Give the command that runs the server in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server answers."""

    def environment(self) -> dict[str, str]:
        """Give what the server finds in its environment: nothing of ours but PATH."""
        return {"PATH": os.environ["PATH"] + ":/usr/sbin", "LANG": "C.UTF-8", "HOME": str(self.folder)}

    def spawn(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        """Start a process as the server's user, in a session of its own, its output in the file `log`."""
        group = None if self.user is None else pwd.getpwnam(self.user).pw_gid
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.user,
                group=group,
                extra_groups=None if group is None else [],
            )

    def own(self, *paths: Path) -> None:
        """Hand these files and folders to the server's user."""
        for path in paths:
            if self.user is not None:
                shutil.chown(path, self.user)

    def start(self) -> Self:
        """Start the server and wait until it answers."""
        self.process = self.spawn(self.command())
        try:
            self._await_answer()
        except BaseException:  # an interrupt too: nobody else would end what was started here
            self.stop()
            raise
        return self

    def _await_answer(self) -> None:
        give_up_at = time.monotonic() + PATIENCE_S
        while not self.is_ready():
            if self.has_ended(within_s=0.05) or time.monotonic() > give_up_at:
                log = (self.folder / "log").read_text(errors="replace")
                raise ServerDied(f"{type(self).__name__} did not start. Its log ends with:\n{log[-2000:]}")

    def has_ended(self, within_s: float) -> bool:
        """Whether the server's process is gone, or goes within so many seconds."""
        try:
            assert self.process is not None
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ask the server to end, and kill it if it does not. Its data stays for the next start."""
        if self.process is None:
            return
        self.ask_to_stop(self.process)
        if not self.has_ended(within_s=20):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def ask_to_stop(self, process: subprocess.Popen[bytes]) -> None:
        """Send the signal for an orderly end."""
        process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """End the server as a power cut would: all of its processes at once, before it can be started again."""
        if self.process is not None:
            family = psutil.Process(self.process.pid).children(recursive=True)
            os.killpg(self.process.pid, signal.SIGKILL)
            for each in family:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            self.process.wait()
            psutil.wait_procs(family, timeout=PATIENCE_S)
            self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
