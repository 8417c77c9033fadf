"""Virtual environments that tasks ask for, built once for each user of a host and kept.

`<folder>/<key>` holds one, and counts once `<key>.ready` stands beside it. Who builds holds the lock `<key>.lock`;
what a killed build left is deleted by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from logging import Logger
from pathlib import Path
from typing import Final

from scheduler.operators.program import Program, exit_words
from scheduler.sdk.signals import FailTask, TaskError

_READY: Final = ".ready"
#: What nobody used for so long is deleted when another one was built.
_KEPT_S: Final = 30 * 24 * 3600.0
_POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an environment is made of."""

    requirements: tuple[str, ...]
    python_version: str | None = None
    system_site_packages: bool = True
    pip_install_options: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return a name that is the same for the same environment."""
        made_of = {**asdict(self), "by": [sys.version, sys.base_prefix]}
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:24]


class VirtualEnvironments:
    """The environments of a folder; without one, of the user's own cache."""

    def __init__(self, folder: str | None, log: Logger) -> None:
        self._folder = Path(folder) if folder else _own_cache()
        self._log = log

    def python_of(self, wanted: Wanted, program: Program) -> str:
        """Return the interpreter of an environment, built by `program` where it does not stand. Blocks."""
        place, ready = self._folder / wanted.key, self._folder / f"{wanted.key}{_READY}"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._folder / f"{wanted.key}.lock"):
            if not ready.exists():
                self._build(place, wanted, program)
                self._prune()
            ready.touch()
        return str(place / "bin" / "python")

    def _build(self, place: Path, wanted: Wanted, program: Program) -> None:
        shutil.rmtree(place, ignore_errors=True)
        self._log.info("Building an environment with %s.", ", ".join(wanted.requirements) or "no packages")
        for words in _commands(place, wanted):
            exit_code, last_line = program.run(words, environ=_environ(wanted))
            if exit_code != 0:
                raise TaskError(
                    f"The environment could not be built: {words[0]} {exit_words(exit_code)}: {last_line}"
                )

    def _prune(self) -> None:
        for ready in self._folder.glob(f"*{_READY}"):
            if ready.stat().st_mtime < ready.parent.stat().st_mtime - _KEPT_S:
                ready.unlink(missing_ok=True)
                shutil.rmtree(ready.with_suffix(""), ignore_errors=True)


def _commands(place: Path, wanted: Wanted) -> Iterator[list[str]]:
    """Yield what builds an environment: with uv where it is there, else with venv and pip."""
    python, uv = str(place / "bin" / "python"), shutil.which("uv")
    shared = ["--system-site-packages"] if wanted.system_site_packages else []
    options = list(wanted.pip_install_options)
    if uv:
        version = wanted.python_version or sys.executable
        yield [uv, "venv", "--no-project", "--python", version, *shared, str(place)]
        install = [uv, "pip", "install", "--python", python]
    else:
        base = _interpreter(wanted.python_version)
        # To install pip takes most of the time of a build; a pip that is there serves other environments, too.
        lends = base == sys.executable and find_spec("pip") is not None
        yield [base, "-m", "venv", *(["--without-pip"] if lends else []), *shared, str(place)]
        pip = [base, "-m", "pip", "--python", python] if lends else [python, "-m", "pip"]
        install = [*pip, "install", "--no-input", "--disable-pip-version-check"]
    if wanted.requirements:
        yield [*install, *options, *wanted.requirements]


def _environ(wanted: Wanted) -> Mapping[str, str]:
    """Return the environment of a build. Indexes go there, as others can read the words of a command."""
    if not wanted.index_urls:
        return os.environ
    first, *more = wanted.index_urls
    extra = " ".join(more)
    return {
        **os.environ,
        **{
            "PIP_INDEX_URL": first,
            "PIP_EXTRA_INDEX_URL": extra,
            "UV_DEFAULT_INDEX": first,
            "UV_INDEX": extra,
        },
    }


def _interpreter(version: str | None) -> str:
    if version is None or version in (_short(2), _short(3)):
        return sys.executable
    name = version if version.startswith("python") else f"python{version}"
    found = shutil.which(name)
    if found is None:
        raise FailTask(
            f"python_version={version!r}: there is no {name} on the PATH of this worker. Install it, or uv, which "
            "fetches it."
        )
    return found


def _short(parts: int) -> str:
    return ".".join(map(str, sys.version_info[:parts]))


def split_requirements(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return the requirements of a list, or of the lines of a requirements file; comments are left out."""
    lines = given.splitlines() if isinstance(given, str) else [str(each) for each in given]
    words = (line.partition(" #")[0].strip() for line in lines)
    return tuple(word for word in words if word and not word.startswith("#"))


def _own_cache() -> Path:
    """Return a folder that is the user's alone: what lies in it is run."""
    home = os.environ.get("XDG_CACHE_HOME") or (
        f"{os.environ['HOME']}/.cache" if os.environ.get("HOME") else ""
    )
    if home and os.access(_existing(Path(home)), os.W_OK):
        return Path(home) / "dirigent" / "environments"
    folder = Path(tempfile.gettempdir()) / f"dirigent-environments-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if about.st_uid != os.getuid() or about.st_mode & 0o022 or folder.is_symlink():
        raise TaskError(f"{folder} belongs to somebody else; give venv_cache_path, or set XDG_CACHE_HOME.")
    return folder


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, waiting as long as it takes: a task's time limit and its end interrupt that."""
    with path.open("w") as file:
        while not _is_taken(file.fileno()):
            time.sleep(_POLL_S)
        yield


def _is_taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
