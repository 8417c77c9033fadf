"""The effect ledger: what tasks themselves tell of their lives, in lines that no crash of a server can take back.

A line is appended by one write to a file opened with O_APPEND: begin, a beat every tenth of a second, end. Instants are
those of the machine's monotonic clock, which all processes on it share and no test turns back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: The beginning of a DAG file whose tasks keep the ledger; `{ledger}` is its path.
KEEPS_LEDGER = """
import json, os, time
from datetime import timedelta
from scheduler import DAG, get_current_context, task

LEDGER = {ledger!r}

def note(what):
    ti = get_current_context()["ti"]
    line = {{
        "what": what, "attempt_id": ti._job.attempt_id, "epoch": ti._job.epoch, "run_id": ti.run_id,
        "task_id": ti.task_id, "path": ti.path, "pid": os.getpid(), "at": time.monotonic(),
    }}
    out = os.open(LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(out, (json.dumps(line) + "\\n").encode())
    os.close(out)

def live(seconds):
    note("begin")
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
        note("beat")
    note("end")
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `at` by the monotonic clock."""

    what: str
    attempt_id: int
    epoch: int
    run_id: str
    task_id: str
    path: str
    pid: int
    at: float


@dataclass(frozen=True, slots=True)
class Life:
    """What the ledger knows of one claim of one attempt: it lived at least from `began` to `seen`."""

    attempt_id: int
    epoch: int
    began: float
    seen: float
    begins: int
    ends: int

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"attempt {self.attempt_id}, epoch {self.epoch}"


class Reader:
    """Reads a ledger as it grows: each line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def more(self) -> list[Entry]:
        """Return the entries that were written since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            whole, _, _ = stream.read().rpartition(b"\n")
        self._offset += len(whole) + bool(whole)
        return [Entry(**json.loads(line)) for line in whole.splitlines()]


def read_ledger(path: Path) -> list[Entry]:
    """Return all entries, in the order in which they were written."""
    return Reader(path).more()


def lives_of(entries: Iterable[Entry]) -> list[Life]:
    """Return the lives that entries tell of, in order of their beginnings."""
    groups: defaultdict[tuple[int, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.attempt_id, entry.epoch].append(entry)
    return sorted((_life(key, group) for key, group in groups.items()), key=lambda life: life.began)


def _life(key: tuple[int, int], entries: list[Entry]) -> Life:
    whats = [entry.what for entry in entries]
    times = [entry.at for entry in entries]
    return Life(*key, min(times), max(times), whats.count("begin"), whats.count("end"))
