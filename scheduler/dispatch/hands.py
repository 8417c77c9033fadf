"""What a worker works with: who launches attempts for it, who watches triggers, and who hears its tickets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from scheduler.runtime.waits import Wait
from scheduler.wire import Job


class Launcher(Protocol):
    """What the worker needs of the supervisor."""

    def launch(self, job: Job) -> None:
        """Start an attempt; its outcome arrives later, exactly once."""

    def stop(self, attempt_id: int, reason: str, within_s: float | None = None) -> None:
        """Stop an attempt, dead after `within_s` at the latest (None: the usual grace); its outcome still arrives."""

    def hold(self, until: float) -> None:
        """Let attempts live until an instant of the monotonic clock, even if this process is stopped or hangs."""

    def warm(self, code_root: Path, file: str) -> None:
        """Import a DAG file before an attempt of it is asked for."""


class Watching(Protocol):
    """What the waiter needs of the supervisor."""

    def watch(self, waits: Sequence[Wait]) -> None:
        """Watch triggers; `ended` is called once for each, of the watcher of an asset at each of its events."""

    def unwatch(self, ids: Collection[int]) -> None:
        """Watch these no longer."""


class Bell(Protocol):
    """What the worker needs of its ticket consumer."""

    def pause(self) -> None:
        """Take no more tickets: there is no free slot."""

    def resume(self) -> None:
        """Take tickets again."""

    def watch(self, now: float) -> bool:
        """Replace an ear that hangs; `now` is monotonic. To be called now and then."""
