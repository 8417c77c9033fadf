"""What an import does beside declaring: noted by audit hooks, and by the time that its own imports take."""

from __future__ import annotations

import builtins
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from scheduler.sdk.variables import Reader
from scheduler.testing.checks.notes import Note

_DIRIGENT: Final = f"{Path(__file__).parents[2]}/"
#: Reading there is what libraries do.
_OF_THE_SYSTEM: Final = ("/usr/", "/proc/", "/sys/", "/dev/", "/etc/", "/lib", sys.prefix, sys.base_prefix)
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def _program(args: tuple[Any, ...]) -> str:
    words = args[1] if len(args) > 1 and isinstance(args[1], list | tuple) and args[1] else args[:1]
    return f"starts a program ({os.fsdecode(words[0])})"


#: Audit event -> what it says of its arguments.
_REACHES_OUT: Final[dict[str, Callable[[tuple[Any, ...]], str]]] = {
    "urllib.Request": lambda args: f"asks {args[0]}",
    "http.client.connect": lambda args: f"connects to {args[1]}",
    "ftplib.connect": lambda args: f"connects to {args[1]}",
    "smtplib.connect": lambda args: f"connects to {args[1]}",
    "socket.getaddrinfo": lambda args: f"looks for the host {args[0]}",
    "socket.connect": lambda args: f"connects to {args[1]}",
    "sqlite3.connect": lambda args: f"opens the database {args[0]}",
    "subprocess.Popen": _program,
    "os.system": lambda args: f"starts a program ({os.fsdecode(args[0])})",
    "os.posix_spawn": _program,
    "os.exec": _program,
    "os.fork": lambda _args: "forks its process",
    "os.remove": lambda args: f"deletes {args[0]}",
    "os.rename": lambda args: f"renames {args[0]}",
    "os.mkdir": lambda args: f"makes the folder {args[0]}",
    "shutil.rmtree": lambda args: f"deletes {args[0]}",
}


@dataclass(slots=True)
class _Timed:
    """An import that is under way: what it took, less what imports below it took."""

    below_s: float = 0.0


@dataclass(slots=True)
class ImportWatch:
    """Watches one import, from `with` to its end."""

    code_root: str
    file: str
    limit_s: float
    notes: dict[tuple[str, int, str], Note] = field(default_factory=dict)
    told_s: float = 0.0
    _is_over: bool = False
    _open: list[_Timed] = field(default_factory=list)
    _began: float = 0.0
    _import: Callable[..., Any] = builtins.__import__

    def __enter__(self) -> ImportWatch:
        # An audit hook cannot be removed; the process ends soon.
        sys.addaudithook(self._hear)
        builtins.__import__ = self._timed_import
        self._began = time.perf_counter()
        return self

    def __exit__(self, error: object, *_: object) -> None:
        took_s = time.perf_counter() - self._began
        self._is_over = True
        builtins.__import__ = self._import
        if error is None and took_s - self.told_s >= self.limit_s:
            rest = took_s - self.told_s
            self._note(
                f"{self.code_root}/{self.file}",
                1,
                "slow-import",
                f"Its top-level code takes {rest:.2f} s beside imports that are told, {took_s:.2f} s in all; "
                f"the limit is {self.limit_s:g} s. Move work into tasks.",
            )

    def reader(self, reader: Reader) -> Reader:
        """Return a reader that notes where it is asked."""
        return _NotingReader(reader, self)

    def note_here(self, rule: str, message: str) -> None:
        """Note something at the line of the folder's code that is being executed."""
        if self._is_over:
            return
        for frame, is_imported in _frames(sys._getframe(1)):
            if self._is_own(frame):
                how = ", through what it imports" if is_imported else ""
                self._note(frame.f_code.co_filename, frame.f_lineno, rule, message.replace("{how}", how))
                return

    def _note(self, path: str, line: int, rule: str, message: str) -> None:
        self.notes.setdefault((path, line, rule), Note(path, line, rule, message))

    def _is_own(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename.startswith(f"{self.code_root}/")

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self._is_over:
            return
        if event == "open":
            self._hear_open(args)
        elif event in _REACHES_OUT:
            what = _REACHES_OUT[event](args)
            self.note_here(
                "top-level-io",
                f"At each import this line {what}{{how}}. Do it in a task, or where it is needed.",
            )

    def _hear_open(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        if not isinstance(path, str | bytes | os.PathLike) or self._is_of_import():
            return
        full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - runs at every open
        is_written = bool(set(mode or "") & set("wax+")) or bool(not mode and (flags or 0) & _WRITES)
        if is_written and not full.startswith("/dev/"):
            self.note_here("top-level-io", f"At each import this line writes {full}. Do it in a task.")
        elif not full.startswith((f"{self.code_root}/", _DIRIGENT, *_OF_THE_SYSTEM)):
            self.note_here(
                "top-level-io",
                f"At each import this line reads {full}, which no worker elsewhere has. Keep it in the DAG folder, "
                "or read it in a task.",
            )

    def _is_of_import(self) -> bool:
        """Whether a library that is being imported opens the file: that is its own business."""
        for frame, is_imported in _frames(sys._getframe(2)):
            if self._is_own(frame):
                return is_imported
        return True

    def _timed_import(self, name: str, *args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        if not self._is_own(frame):
            return self._import(name, *args, **kwargs)
        timed = _Timed()
        self._open.append(timed)
        began = time.perf_counter()
        try:
            return self._import(name, *args, **kwargs)
        finally:
            took_s = time.perf_counter() - began
            self._open.pop()
            if self._open:
                self._open[-1].below_s += took_s
            self._weigh(name, frame, took_s - timed.below_s)

    def _weigh(self, name: str, frame: FrameType, own_s: float) -> None:
        if own_s < self.limit_s or self._is_over:
            return
        self.told_s += own_s
        if name.partition(".")[0] != "scheduler":  # What every file needs is not the file's fault.
            self._note(
                frame.f_code.co_filename,
                frame.f_lineno,
                "slow-import",
                f"The import of {name} takes {own_s:.2f} s; the limit is {self.limit_s:g} s. "
                "Import it in the tasks that need it.",
            )


class _NotingReader:
    """Answers for variables and connections, and notes the lines that ask."""

    def __init__(self, reader: Reader, watch: ImportWatch) -> None:
        self._reader = reader
        self._watch = watch

    def get_variable(self, key: str) -> str | None:
        """Note and ask."""
        self._watch.note_here(
            "top-level-variable",
            f"The file reads the variable {key!r} when it is imported: runs see it as it was then, and its change "
            "makes a new version. Read it in a task, or as {{ var.value." + key + " }}.",
        )
        return self._reader.get_variable(key)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Note and ask."""
        self._watch.note_here(
            "top-level-variable",
            f"The file reads the connection {conn_id!r} when it is imported. Read it in a task.",
        )
        return self._reader.get_connection(conn_id)

    def hide(self, secret: Any, name: str | None) -> None:
        """Ask."""
        self._reader.hide(secret, name)


def _frames(frame: FrameType | None) -> Iterator[tuple[FrameType, bool]]:
    """Give the frames from the innermost on, and whether an import stands between it and the innermost."""
    is_imported = False
    while frame is not None:
        is_imported = is_imported or frame.f_code.co_filename.startswith("<frozen importlib")
        yield frame, is_imported
        frame = frame.f_back
