"""A child that imports one DAG file and answers its graphs as data.

Whatever the file does, it does to this process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from scheduler.runtime.child.attempt_process import UserCode, leave, settle, use_reserve
from scheduler.runtime.child.blame import blame, lineno_in
from scheduler.runtime.child.confinement import confine
from scheduler.runtime.child.nursery import Request
from scheduler.runtime.child.pipe import PipeChannel
from scheduler.runtime.child.title import set_title
from scheduler.runtime.frames import PARSE_LIMIT
from scheduler.runtime.sockets import adopt
from scheduler.wire import DagSpec, ParsedFile, Plan, cut

_WARNINGS: Final = 100
#: How long a timetable may take to plan ahead, in seconds.
_PLAN_S: Final = 5.0
_LISTING: Final = frozenset({"os.listdir", "os.scandir"})


class ImportTookTooLong(BaseException):
    """Not an Exception, so that a file that catches those does not go on."""


@dataclass(slots=True)
class Seen:
    """What an import touched below the code root, and what it asked for."""

    code_root: str
    opened: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)

    def below(self, path: object) -> str | None:
        """Return the path relative to the code root, None where it is elsewhere."""
        if not isinstance(path, str | os.PathLike):
            return None
        full = os.path.abspath(os.fspath(path))  # noqa: PTH100 - runs at every open
        inside = f"{full}/".startswith(f"{self.code_root}/")
        return full[len(self.code_root) + 1 :] if inside else None

    def note_listing(self, path: object) -> None:
        """Note a folder below the code root as "folder/", the root itself as "/"."""
        folder = self.below(path)
        if folder is not None and "__pycache__" not in folder:
            self.opened.add(f"{folder}/")

    def modules(self) -> set[str]:
        """Return the files of modules that are loaded from below the code root."""
        files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        return {path for path in map(self.below, files) if path is not None}


@dataclass(slots=True)
class NotingReader:
    """Answers for variables and connections, and notes what was asked for."""

    channel: PipeChannel
    asked: set[str]

    def get_variable(self, key: str) -> str | None:
        """Note and ask."""
        self.asked.add(key)
        return self.channel.get_variable(key)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Note and ask."""
        self.asked.add(f"conn:{conn_id}")
        return self.channel.get_connection(conn_id)

    def hide(self, secret: Any, name: str | None) -> None:
        """Ask."""
        self.channel.hide(secret, name)


def run_parse(code: UserCode, request: Request, fds: Sequence[int]) -> NoReturn:
    """Import the file, send a ParsedFile, end the process."""
    set_title(f"dirigent: parse of {request['file']}")
    channel_fd, output_fd = fds
    confine(request)
    settle(output_fd, output_fd)
    channel = PipeChannel(adopt(channel_fd), PARSE_LIMIT)
    # Behind everything else: what this interpreter has may be loaded already.
    sys.path += [request["packages"]] if "packages" in request else []
    parsed = parse(code, request["code_root"], request["file"], request["timeout_s"], channel)
    if channel.is_mine:
        channel.send({"parsed": parsed})
    leave(0)


def parse(code: UserCode, code_root: str, file: str, timeout_s: float, channel: PipeChannel) -> ParsedFile:
    """Import the file within the time limit and describe what it declares, touched, and did wrong."""
    seen = Seen(code_root)
    started = time.perf_counter()
    reader = NotingReader(channel, seen.asked)
    try:
        with _watching(seen), _time_limit(timeout_s):
            dags = code.load(code_root, file, reader)
            specs = tuple(code.describe(dag, file) for dag in dags.values())
            own = [(dags[spec.dag_id], spec) for spec in specs if spec.schedule.kind == "own"]
            # They share half of the time that is left.
            limit_s = (timeout_s - time.perf_counter() + started) / 2 / max(1, len(own))
            plans = tuple(_plan(code, dag, spec, reader, min(limit_s, _PLAN_S)) for dag, spec in own)
    except BaseException as error:  # noqa: BLE001 - the edge of a process: SystemExit, too
        use_reserve()
        lineno = lineno_in(error, f"{code_root}/{file}")
        parsed = ParsedFile(file=file, error=blame(error, code_root), error_lineno=lineno)
    else:
        parsed = ParsedFile(file=file, dags=specs, plans=plans)
    return _completed(parsed, seen, time.perf_counter() - started)


def _plan(code: UserCode, dag: Any, spec: DagSpec, reader: NotingReader, limit_s: float) -> Plan:
    """Ask the timetable of a DAG that is its author's own; what it raises concerns this DAG alone."""
    last = reader.channel.last_scheduled(spec.dag_id)
    try:
        with _time_limit(limit_s):
            return Plan(dag_id=spec.dag_id, runs=code.foresee(dag, spec, last, reader))
    except ImportTookTooLong:
        return Plan(dag_id=spec.dag_id, error=f"It did not answer within {limit_s:.3g} s.")
    except Exception as error:  # noqa: BLE001 - user code
        root = str(Path(dag.fileloc).parents[spec.file.count("/")])
        return Plan(dag_id=spec.dag_id, error=blame(error, root).line)


def _completed(parsed: ParsedFile, seen: Seen, seconds: float) -> ParsedFile:
    modules = seen.modules() | {parsed.file}
    return replace(
        parsed,
        dags=_with_code_hash(parsed.dags, seen.code_root, modules),
        modules=tuple(sorted(modules)),
        opened=tuple(sorted(seen.opened - modules)),
        variables=tuple(sorted(seen.asked)),
        warnings=tuple(seen.warnings[:_WARNINGS]),
        seconds=seconds,
    )


def _with_code_hash(dags: Sequence[DagSpec], code_root: str, modules: set[str]) -> tuple[DagSpec, ...]:
    digest = hashlib.sha256()
    for path in sorted(modules):
        with contextlib.suppress(OSError):
            content = hashlib.sha256((Path(code_root) / path).read_bytes()).hexdigest()
            digest.update(f"{path}\0{content}\n".encode())
    return tuple(replace(dag, code_hash=digest.hexdigest()) for dag in dags)


@contextlib.contextmanager
def _watching(seen: Seen) -> Iterator[None]:
    """Note files that are opened and warnings that are given, until the import is over."""
    is_over = False

    def note_open(event: str, args: tuple[Any, ...]) -> None:
        if is_over:
            return
        if event == "open" and (path := seen.below(args[0])) and _is_data(path):
            seen.opened.add(path)
        if event in _LISTING and not _is_import_machinery(sys._getframe(1)):
            seen.note_listing(args[0])

    # An audit hook cannot be removed; the process ends soon.
    sys.addaudithook(note_open)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = _noting(seen)
        try:
            yield
        finally:
            is_over = True


def _is_import_machinery(frame: FrameType) -> bool:
    """The import of any module lists the folders that it might be in; that depends on no file of theirs."""
    return frame.f_code.co_filename.startswith("<frozen importlib")


def _noting(seen: Seen) -> Callable[..., None]:
    def note(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        place = seen.below(filename) or Path(filename).name
        seen.warnings.append(cut(f"{place}:{lineno}: {category.__name__}: {message}", 1_000))

    return note


def _is_data(path: str) -> bool:
    return not path.endswith((".pyc", ".py")) and "__pycache__" not in path


@contextlib.contextmanager
def _time_limit(timeout_s: float) -> Iterator[None]:
    """Raise in the importing code, so that the traceback shows where it hangs; the supervisor kills what
    stays deaf.
    """

    def stop(_signum: int, _frame: object) -> NoReturn:
        raise ImportTookTooLong(f"the import took longer than {timeout_s:g} s")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
