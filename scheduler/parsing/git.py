"""The installed `git`, called so that nothing of a repository is ever run.

Arguments are lists, an address or a ref stands behind `--` or inside a refspec, one way of transport is allowed, and
hooks, filters and programs that a repository could name are off. What git prints is told without the password.

Every git of one folder holds the lock of that folder, which it was handed by its parent: one that outlives a killed
server is waited for, and what is left of a dead one is cleared away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Timer
from typing import IO, Final, NamedTuple

from scheduler.parsing.git_failures import (
    GitBusy,
    GitDamaged,
    GitFailed,
    GitTooLarge,
    better_told,
    failure_of,
)
from scheduler.parsing.git_remote import Remote, environment_of

_HEAD: Final = "refs/dirigent/head"
#: Bytes of the list of a commit's files, about half a million of them: a few small objects can name billions.
MAX_LISTING: Final = 50_000_000


class TreeEntry(NamedTuple):
    """One file of a commit. `mode`: 100644, 100755, 120000 (a link) or 160000 (a submodule)."""

    mode: str
    hash: str
    size: int
    path: str


class Commit(NamedTuple):
    """What a commit says of itself."""

    version: str
    committed_at: str
    author: str
    subject: str


class Mirror:
    """A bare copy of the commits that were fetched last. Use it inside `held()`."""

    def __init__(self, folder: Path, remote: Remote, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._remote = remote
        self._environ = environment_of(remote, environ)
        self._fd = -1
        self._guard = Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._is_over = Event()

    def close(self) -> None:
        """End what runs, from another thread; nothing can be asked any more."""
        self._is_over.set()
        with self._guard:
            if self._running is not None:
                _kill(self._running)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock of the folder, and clear away what killed ones left. Raises GitBusy."""
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self._folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._clear()
            yield
        except BlockingIOError:
            raise GitBusy(f"another git works in {self._folder}") from None
        finally:
            os.close(self._fd)

    def forget(self) -> None:
        """Delete the copy."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _clear(self) -> None:
        for pattern in ("*.lock", "refs/**/*.lock", "objects/**/*.lock", "objects/pack/tmp_*"):
            for leftover in self._folder.glob(pattern):
                leftover.unlink(missing_ok=True)

    # --- What is asked ----------------------------------------------------------------------------------------------

    def fetch(self) -> str:
        """Fetch the commit that the ref names now, and return its name. Raises GitFailed, GitDamaged."""
        if not (self._folder / "HEAD").exists():
            self._run("init", "--quiet", "--bare", "--template=", "--", str(self._folder), is_inside=False)
        ref = self._remote.ref
        words = ["--quiet", "--force", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-gc"]
        try:
            self._run(
                "fetch", *words, "--no-write-fetch-head", "--", self._remote.address.url, f"+{ref}:{_HEAD}"
            )
        except GitFailed as error:
            raise better_told(self._remote, error) from None
        return self._run("rev-parse", "--verify", f"{_HEAD}^{{commit}}").decode().strip()

    def tidy(self) -> None:
        """Pack what came, and delete what no longer matters, where that is worth it."""
        self._run("gc", "--auto", "--quiet", "--prune=now")

    def describe(self, version: str) -> Commit:
        """Return what a commit says of itself."""
        given = self._run("show", "--no-patch", "--format=%cI%x00%an%x00%s", version, "--").decode(
            errors="replace"
        )
        committed_at, author, subject = given.strip().split("\0", 2)
        return Commit(version, committed_at, author[:100], subject[:200])

    def entries(self, version: str) -> list[TreeEntry]:
        """Return the files of a commit below the subfolder. Raises GitFailed where that does not exist."""
        folder = self._remote.subfolder
        try:
            listing = self._list(f"{version}:{folder}" if folder else version)
        except (GitDamaged, GitTooLarge):
            raise
        except GitFailed as error:
            if not folder:
                raise
            raise GitFailed(
                f"There is no folder {folder!r} in commit {version[:10]} of {self._remote.address.url}. "
                "Set DIRIGENT_DAGS_GIT_SUBFOLDER to one that is there."
            ) from error
        return [_entry(line) for line in listing.split(b"\0") if line]

    @contextmanager
    def contents(self) -> Iterator[Contents]:
        """Give a reader of files by their hash."""
        with self._start(["cat-file", "--batch"], stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield Contents(process.stdin, process.stdout)
            finally:
                process.stdin.close()
                _kill(process)

    # --- How it is called -------------------------------------------------------------------------------------------

    def _run(self, *words: str, is_inside: bool = True) -> bytes:
        with self._start(words, is_inside=is_inside) as process:
            try:
                out, said = process.communicate(timeout=self._remote.timeout_s)
            except subprocess.TimeoutExpired:
                _kill(process)
                raise GitFailed(
                    f"`git {words[0]}` of {self._remote.address.url} took longer than {self._remote.timeout_s:g} s. "
                    "Look whether the host answers, or raise DIRIGENT_DAGS_GIT_TIMEOUT_S."
                ) from None
        if process.returncode:
            raise failure_of(self._remote, words[0], said)
        return out

    def _list(self, tree: str) -> bytes:
        """Return the list of all files of a tree. Raises GitTooLarge before it fills memory."""
        with self._start(["ls-tree", "-r", "-l", "-z", "--full-tree", tree]) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            watchdog = Timer(self._remote.timeout_s, _kill, [process])
            watchdog.start()
            try:
                out = process.stdout.read(MAX_LISTING + 1)
                if len(out) > MAX_LISTING:
                    _kill(process)
                    raise GitTooLarge(
                        f"{self._remote.address.url} holds too many files: their list has more than "
                        f"{MAX_LISTING:,} bytes. Set DIRIGENT_DAGS_GIT_SUBFOLDER to the folder of the DAGs."
                    )
                said = process.stderr.read()
            finally:
                watchdog.cancel()
        if process.returncode:
            raise failure_of(self._remote, "ls-tree", said)
        return out

    @contextmanager
    def _start(
        self, words: Sequence[str], *, stdin: int = subprocess.DEVNULL, is_inside: bool = True
    ) -> Iterator[subprocess.Popen[bytes]]:
        program = shutil.which("git", path=self._environ.get("PATH"))
        if program is None:
            raise GitFailed(
                "There is no `git` on the PATH: install it (apt-get install git, brew install git)."
            )
        with self._guard:
            if self._is_over.is_set():
                raise GitFailed("git was not called: Dirigent stops.")
            place = [f"--git-dir={self._folder}"] if is_inside else []
            self._running = subprocess.Popen(
                [program, *place, *words],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if stdin == subprocess.DEVNULL else subprocess.DEVNULL,
                cwd="/",
                env=self._environ,
                pass_fds=(self._fd,),
                start_new_session=True,
            )
        try:
            with self._running as process:
                yield process
        finally:
            with self._guard:
                self._running = None


class Contents:
    """Reads files by their hash, one after the other."""

    def __init__(self, ask: IO[bytes], answers: IO[bytes]) -> None:
        self._ask = ask
        self._answers = answers

    def read(self, hash_: str) -> bytes:
        """Return what a file holds. Raises GitDamaged."""
        try:
            self._ask.write(f"{hash_}\n".encode())
            self._ask.flush()
        except BrokenPipeError:
            raise GitDamaged("git ended while files were read") from None
        head = self._answers.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            raise GitDamaged(f"git has no content {hash_}: {b' '.join(head).decode(errors='replace')}")
        data = self._answers.read(int(head[2]))
        if len(data) != int(head[2]) or self._answers.read(1) != b"\n":
            raise GitDamaged(f"git cut the content {hash_} short")
        return data


def _entry(line: bytes) -> TreeEntry:
    head, _, path = line.partition(b"\t")
    mode, _, hash_, size = head.decode().split()
    return TreeEntry(mode, hash_, int(size) if size.isdigit() else 0, os.fsdecode(path))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and the helpers that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
