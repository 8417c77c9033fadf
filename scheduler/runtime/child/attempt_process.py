"""What a forked (or freshly executed) process does from its birth to its end when it is an attempt."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import io
import os
import resource
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from scheduler.clock import Clock, SystemClock
from scheduler.errors import BadDag, TooLarge
from scheduler.failpoints import Spot, reach
from scheduler.runtime import kernel
from scheduler.runtime.child import records
from scheduler.runtime.child.blame import blame
from scheduler.runtime.child.joining import spans_of
from scheduler.runtime.child.pipe import ChannelClosed, PipeChannel
from scheduler.runtime.child.title import set_title
from scheduler.runtime.frames import EXIT_NO_CHANNEL, PROTOCOL
from scheduler.runtime.sockets import adopt
from scheduler.wire import DagSpec, Data, Job, Json, Outcome, PlannedRun, job_from_data

#: Descriptors of an attempt: its channel, and the pipes for stdout and stderr.
ATTEMPT_FDS: Final = 3

Dags = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UserCode:
    """The functions through which a child meets user code."""

    load: Callable[
        [str, str, Any], Mapping[str, Any]
    ]  #: code_root, file, reader of variables -> DAGs by dag_id
    warm: Callable[[Mapping[str, Any]], None]  #: after the import, and before the first attempt is forked
    describe: Callable[[Any, str], DagSpec]  #: DAG, file -> graph
    #: DAG, its graph, its last run by schedule, reader of variables -> the runs that its own timetable asks for next
    foresee: Callable[[Any, DagSpec, Data | None, Any], tuple[PlannedRun, ...]]
    perform: Callable[[Any, Job, PipeChannel, Clock], Outcome]
    rehearse: Callable[[], None]  #: before the first fork; see `rehearsal`
    fresh_command: Sequence[str]  #: what a fresh interpreter executes; see `fresh_attempt`
    waiter_command: Sequence[str]  #: what watches triggers; see `waiter_process`
    #: what another interpreter executes, after its own path; see `foreign_attempt`
    foreign_command: Sequence[str]


def run_attempt(code: UserCode, dags: Dags | None, fds: Sequence[int]) -> NoReturn:
    """Run one attempt and end the process.

    `dags` is None in a fresh interpreter, which imports the file itself.
    """
    channel_fd, stdout_fd, stderr_fd = fds
    settle(stdout_fd, stderr_fd)
    records.install(stdout_fd)
    channel = PipeChannel(adopt(channel_fd))
    try:
        _answer(channel, code, dags)
    except ChannelClosed:
        with contextlib.suppress(OSError, ValueError):  # nor may there be anywhere to print
            traceback.print_exc()
        leave(EXIT_NO_CHANNEL)
    reach(Spot.OUTCOME_TOLD)
    leave(0)


def run_fresh_attempt(code: UserCode) -> NoReturn:
    """Run the attempt whose descriptors are the last arguments of this interpreter."""
    fds = [int(word) for word in sys.argv[-ATTEMPT_FDS:]]
    prepare_to_print()
    for fd in fds:
        os.set_inheritable(fd, False)
    run_attempt(code, None, fds)


def _answer(channel: PipeChannel, code: UserCode, dags: Dags | None) -> None:
    reach(Spot.ATTEMPT_BORN)
    job = _first_message(channel)
    set_title(f"dirigent: {job.run.dag_id} {job.task_id or job.callback}, attempt {job.attempt_id}")
    os.environ.update(job.env)
    outcome = _perform(channel, code, dags, job)
    if not channel.is_mine:
        leave(0)
    _wind_down()
    try:
        channel.send({"outcome": outcome} | _parting())
    except (TooLarge, TypeError, ValueError) as error:
        channel.send({"outcome": _failed(job, error)})


def _parting() -> Data:
    """Say what the attempt took, and whether it leaves nobody behind: then nobody has to wait for its end.

    An attempt adopts its orphans: who has no children has no descendants.
    """
    own, below = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "is_alone": kernel.child_pids() == [],
        "cpu_s": own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime,
        "peak": max(kernel.peak_memory(own), kernel.peak_memory(below)),
    }


def _perform(channel: PipeChannel, code: UserCode, dags: Dags | None, job: Job) -> Outcome:
    try:
        found = code.load(job.code_root, job.file, channel) if dags is None else dags
        with spans_of(channel.export_spans):
            return code.perform(_dag_of(job, found), job, channel, SystemClock())
    except ChannelClosed:
        raise
    except BaseException as error:  # noqa: BLE001 - the edge of a process: SystemExit of an import, too
        use_reserve()
        return _failed(job, error)


def _dag_of(job: Job, dags: Dags) -> Json:
    dag = dags.get(job.run.dag_id)
    if dag is None:
        raise BadDag(f"The file {job.file} declares no DAG {job.run.dag_id!r}; it has {sorted(dags)}.")
    return dag


def _failed(job: Job, error: BaseException) -> Outcome:
    info = blame(error, job.code_root)
    return Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="failed", error=info, reason=info.line)


def settle(stdout_fd: int, stderr_fd: int) -> None:
    """Make the process its own: output, random numbers, orphans."""
    os.dup2(stdout_fd, 1)
    os.dup2(stderr_fd, 2)
    if stderr_fd != stdout_fd:
        os.close(stderr_fd)
    # Of programs that the task starts, too, each line is to be seen at once.
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    kernel.adopt_orphans()
    if "numpy" in sys.modules:
        # Unlike Python's own, its generator is the same in every fork.
        sys.modules["numpy"].random.seed()


def use_reserve() -> None:
    """Allow a little more memory than the limit: to tell that it was reached."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def prepare_to_print() -> None:
    """Let what this process and its forks print be UTF-8 and leave with each line; crashes print their stack."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    faulthandler.enable(file=2)


def forbid_core_files() -> None:
    """Leave no memory images behind when user code crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave(code: int) -> NoReturn:
    """End at once, with what was printed."""
    _flush()
    os._exit(code)


def _first_message(channel: PipeChannel) -> Job:
    message = channel.receive()
    if message["protocol"] != PROTOCOL:
        raise SystemExit(
            f"The worker speaks protocol {message['protocol']}, this process {PROTOCOL}: Dirigent was upgraded while "
            "the worker ran. Restart the worker."
        )
    return job_from_data(message["job"])


def _wind_down() -> None:
    """Do what an interpreter does at its end: wait for threads, run exit handlers, flush."""
    # The interpreter's own order. It also ends idle workers of executors, which a plain join would wait for
    # for ever.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    _flush()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # User code may have closed or replaced them.
        with contextlib.suppress(Exception):
            stream.flush()
