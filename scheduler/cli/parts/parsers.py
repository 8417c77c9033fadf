"""How the DAG folder has files imported: by the supervisor's children, noted, with the packages of a lock file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from scheduler.clock import Clock
from scheduler.errors import DirigentError
from scheduler.metrics.instruments import PARSE_DURATION
from scheduler.parsing.ledger import NOT_BUILT
from scheduler.runtime.environments import BuildFailed, Environments
from scheduler.runtime.lock_files import Lock, read_lock
from scheduler.wire import ErrorInfo, ParsedFile

_log: Final = logging.getLogger(__name__)
#: What could not be built is not tried again for so long, in seconds.
REST_S: Final = 50.0


class PackagedParser(Protocol):
    """Imports files that may use packages of another folder."""

    def parse(
        self,
        code_root: str,
        file: str,
        *,
        timeout_s: float,
        memory_bytes: int | None,
        packages: Path | None = None,
    ) -> ParsedFile:
        """Import a file below `code_root`. Blocks."""


@dataclass(frozen=True, slots=True)
class TimedParser:
    """Takes note of what each import of a DAG file took (parsing.folder.Parser)."""

    parser: PackagedParser

    def parse(
        self,
        code_root: str,
        file: str,
        *,
        timeout_s: float,
        memory_bytes: int | None,
        packages: Path | None = None,
    ) -> ParsedFile:
        """Import a file, and observe how long that took."""
        parsed = self.parser.parse(
            code_root, file, timeout_s=timeout_s, memory_bytes=memory_bytes, packages=packages
        )
        PARSE_DURATION.labels("failed" if parsed.error else "success").observe(parsed.seconds)
        return parsed


class LockedParser:
    """Has files imported with the packages of their lock file behind the server's own, built where they are not.

    The lock file, and the packages that it names by their files, count as opened: with others they are imported again.
    """

    def __init__(
        self, parser: PackagedParser, environments: Environments, lock_name: str, clock: Clock
    ) -> None:
        self._parser = parser
        self._environments = environments
        self._lock_name = lock_name
        self._clock = clock
        #: What could not be built, why, and until when that is taken for granted.
        self._failures: dict[str, tuple[float, str]] = {}

    def parse(self, code_root: str, file: str, *, timeout_s: float, memory_bytes: int | None) -> ParsedFile:
        """Import a file once its environment stands; without that, say why it does not."""
        lock, packages = None, None
        try:
            lock = read_lock(Path(code_root), self._lock_name)
            if lock is not None:
                packages = self._packages(lock)
        except (DirigentError, OSError) as error:
            parsed = ParsedFile(file=file, error=ErrorInfo(type=NOT_BUILT, message=str(error)))
        else:
            parsed = self._parser.parse(
                code_root, file, timeout_s=timeout_s, memory_bytes=memory_bytes, packages=packages
            )
        used = {*parsed.opened, self._lock_name, *_below(Path(code_root), lock.local if lock else ())}
        return replace(parsed, opened=tuple(sorted(used)))

    def _packages(self, lock: Lock) -> Path:
        if self._environments.python_of(lock) is None:
            self._build(lock)
        return self._environments.packages_of(lock)

    def _build(self, lock: Lock) -> None:
        """Build, unless that failed just now: all files of a folder want the same."""
        until_s, why = self._failures.get(lock.key, (0.0, ""))
        if self._clock.monotonic() < until_s:
            raise BuildFailed(why)
        _log.info("The environment of %s is built.", self._lock_name)
        try:
            self._environments.build(lock, self._clock.now(), lambda line: _log.debug("%s", line))
        except (DirigentError, OSError) as error:
            self._failures = {lock.key: (self._clock.monotonic() + REST_S, str(error))}
            raise


def _below(root: Path, files: Iterable[Path]) -> Iterator[str]:
    return (each.relative_to(root).as_posix() for each in files if each.is_relative_to(root))
