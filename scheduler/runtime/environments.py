"""Virtual environments of lock files, built once for all processes that share a home folder.

`<home>/environments/<key>` holds one; it counts once the file `<key>.ready` stands beside it, which is written last.
Whoever builds holds the lock `<key>.lock`, and so does the program that it calls: one that outlives a killed worker is
waited for, and what it left is deleted. `<key>.log` keeps what the build said.

To build a package is to run its code. Where an account is given, that runs as this user, and what it built is taken
from it before it counts: no user can change what others import.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Timer
from typing import Any, Final, TypeAlias

from scheduler.errors import DirigentError
from scheduler.runtime import lock_files
from scheduler.runtime.accounts import Account
from scheduler.runtime.tools import kill_group, lines_of

_READY: Final = ".ready"
#: What nobody used for so long is deleted when another one was built.
KEEP: Final = timedelta(days=30)
TIMEOUT_S: Final = 1800.0
_USER_INFO: Final = re.compile(r"//[^/\s]+@")
_EVERY_S: Final = 0.5
#: Characters of why a build failed; its log has it all.
_LONGEST: Final = 400
_REMEMBERED: Final = 500
#: Bytes of a build's log; what it says after them is not kept.
_LARGEST_LOG: Final = 10_000_000
#: A build calls so many programs at most, one after the other.
_COMMANDS: Final = 2


Command: TypeAlias = list[str | Path]


class BuildFailed(DirigentError):
    """An environment could not be built; the message ends with what the build said last."""


class Environments:
    """Knows which environments stand, and builds others."""

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        timeout_s: float = TIMEOUT_S,
        *,
        account: Account | None = None,
    ) -> None:
        self._folder = folder
        self._account = account
        self._environ = dict(environ)
        self._timeout_s = timeout_s
        self._guard = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_over = Event()

    def python_of(self, lock: lock_files.Lock) -> Path | None:
        """Return the interpreter of an environment that stands; it counts as used just now."""
        try:
            os.utime(self._marker(lock.key))
        except OSError:
            return None
        return self._folder / lock.key / "bin" / "python"

    def packages_of(self, lock: lock_files.Lock) -> Path:
        """Return the folder of an environment from which its packages are imported."""
        place = str(self._folder / lock.key)
        return Path(sysconfig.get_path("purelib", "venv", vars={"base": place, "platbase": place}))

    def close(self) -> None:
        """End builds that are under way; nothing can be built any more."""
        self._is_over.set()
        with self._guard:
            for process in self._running:
                kill_group(process)

    def build(self, lock: lock_files.Lock, now: datetime, told: Callable[[str], None]) -> Path:
        """Return the interpreter of the environment, built where it does not stand; `told` hears what the build says.

        Raises BuildFailed, OSError. Blocks.
        """
        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._held(lock) as fd:
            python = self.python_of(lock)
            if python is None:
                python = self._make(lock, fd, told)
                self._prune(now - KEEP, lock.key)
        return python

    def _marker(self, key: str) -> Path:
        return self._folder / f"{key}{_READY}"

    @contextmanager
    def _held(self, lock: lock_files.Lock) -> Iterator[int]:
        fd = os.open(self._folder / f"{lock.key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take_lock(fd, f"{lock.key}.lock")
            yield fd
        finally:
            # Closing alone would leave it to programs that were handed it, and hid when their session was ended.
            fcntl.flock(fd, fcntl.LOCK_UN)
            os.close(fd)

    def _take_lock(self, fd: int, name: str) -> None:
        until_s = time.monotonic() + _COMMANDS * self._timeout_s
        while not _is_taken(fd):
            if time.monotonic() > until_s:
                raise BuildFailed(
                    "Another build of this environment does not end: look with "
                    f"`fuser {self._folder / name}` who holds its lock, and end that."
                )
            if self._is_over.wait(_EVERY_S):
                raise BuildFailed("The environment was not built: the worker stops.")

    def _make(self, lock: lock_files.Lock, fd: int, told: Callable[[str], None]) -> Path:
        place = self._folder / lock.key
        shutil.rmtree(place, ignore_errors=True)
        python = place / "bin" / "python"
        with (
            (self._folder / f"{lock.key}.log").open("w", encoding="utf-8") as log,
            self._given(place) as environ,
        ):

            def note(line: str) -> None:
                said = _USER_INFO.sub("//***@", line.rstrip())
                if os.fstat(log.fileno()).st_size < _LARGEST_LOG:
                    log.write(f"{said}\n")
                    log.flush()
                told(said)

            for command in _commands(place, python, lock.file, self._environ.get("PATH")):
                self._call(command, environ, lock.file, fd, note)
        self._marker(lock.key).touch()
        return python

    @contextmanager
    def _given(self, place: Path) -> Iterator[dict[str, str]]:
        """Give the place to the account that builds, with a home of its own, and take it back; yield the environment.

        In its real home the user's tasks may have left a cache of packages for others to import.
        """
        if self._account is None:
            yield self._environ
            return
        with TemporaryDirectory(prefix="home-", dir=self._folder) as home:
            place.mkdir()
            for each in (place, home):
                os.chown(each, self._account.uid, self._account.gid)
            yield {**self._environ, "HOME": home, "UV_LINK_MODE": "copy"}
            _take(place)

    def _call(
        self,
        command: Sequence[str | Path],
        environ: Mapping[str, str],
        lock_file: Path,
        fd: int,
        note: Callable[[str], None],
    ) -> None:
        with self._guard:
            if self._is_over.is_set():
                raise BuildFailed("The environment was not built: the worker stops.")
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # What the lock names by a relative path lies beside it.
                cwd=lock_file.parent,
                env=environ,
                pass_fds=(fd,),
                start_new_session=True,
                **_as(self._account),
            )
            self._running.add(process)
        said: deque[str] = deque(maxlen=_REMEMBERED)
        watchdog = Timer(self._timeout_s, kill_group, [process])
        watchdog.start()
        try:
            with process:
                for line in lines_of(process):
                    note(line)
                    said.append(line.strip())
        finally:
            watchdog.cancel()
            with self._guard:
                self._running.discard(process)
        if process.returncode:
            how = (
                f"killed after {self._timeout_s:g} s"
                if process.returncode < 0
                else f"exit {process.returncode}"
            )
            why = _USER_INFO.sub("//***@", _fault_of(said))
            raise BuildFailed(f"The environment of {lock_file.name} could not be built ({how}): {why}")

    def _prune(self, before: datetime, kept: str) -> None:
        for marker in self._folder.glob(f"*{_READY}"):
            key = marker.name.removesuffix(_READY)
            if key != kept and marker.stat().st_mtime < before.timestamp():
                marker.unlink(missing_ok=True)
                shutil.rmtree(self._folder / key, ignore_errors=True)
                (self._folder / f"{key}.log").unlink(missing_ok=True)


def _commands(place: Path, python: Path, lock_file: Path, path: str | None) -> list[Command]:
    """Return what builds an environment: uv where it is there, else pip. Nothing is installed that the lock lacks."""
    uv = shutil.which("uv", path=path)
    if uv is not None:
        sync: Command = [
            uv,
            "pip",
            "sync",
            "--no-progress",
            "--allow-empty-requirements",
            "--python",
            python,
            lock_file,
        ]
        return [[uv, "venv", "--no-project", "--python", sys.executable, place], sync]
    if lock_file.suffix == ".toml":
        raise BuildFailed(
            f"{lock_file.name} takes uv, which is not on the PATH of this worker: install it, or use a lock in the "
            "form of requirements."
        )
    install: Command = ["install", "--no-deps", "--no-input", "--disable-pip-version-check", "-r", lock_file]
    if importlib.util.find_spec("pip") is None:
        return [[sys.executable, "-m", "venv", place], [python, "-m", "pip", *install]]
    pip: Command = [sys.executable, "-m", "pip", "--python", python]
    return [[sys.executable, "-m", "venv", "--without-pip", place], [*pip, *install]]


def _fault_of(said: Iterable[str]) -> str:
    """Return what the tool calls an error, with what it says to that; else what it said last."""
    lines = [line for line in said if line]
    begin = next(
        (place for place, line in enumerate(lines) if line.lower().startswith("error")), len(lines) - 1
    )
    return "; ".join(lines[max(0, begin) :])[:_LONGEST]


def _is_taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _as(account: Account | None) -> dict[str, Any]:
    """Return what has a program run as a user, and write what others may read."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": account.groups, "umask": 0o022}


def _take(place: Path) -> None:
    """Make all below a folder this process's own, which takes away what set another user, too. Follows no links."""
    for _, _, names, fd in os.fwalk(place):
        os.fchown(fd, os.getuid(), os.getgid())
        os.fchmod(fd, 0o755)
        for name in names:
            os.chown(name, os.getuid(), os.getgid(), dir_fd=fd, follow_symlinks=False)
