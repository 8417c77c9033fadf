"""What is asked of the operating system's kernel to keep track of processes.

Off Linux most of it is not to be had.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Final, NamedTuple

_IS_LINUX: Final = sys.platform == "linux"
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if _IS_LINUX else None
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38

#: macOS kills or hangs a forked child that touches its frameworks: there, every attempt is a fresh
#: interpreter.
FORK_IS_SAFE: Final = sys.platform != "darwin"


def die_with_parent(signum: signal.Signals, parent_pid: int) -> None:
    """Ask for a signal at the parent's death; where that has happened already, send it now."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signum)


def keep_to_itself() -> None:
    """Let nobody but root read this process's memory and environment, trace it, or find it in a core file.

    What it executes begins anew and may be looked into.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def gain_nothing() -> None:
    """Let no program that is started give this process other rights (sudo, file capabilities).

    Called after a change of user: that had also taken away what a process may see of itself.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _LIBC.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, in place of the init process."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def child_pids() -> list[int] | None:
    """Return the pids of own children, adopted ones and zombies included; None where the kernel is silent."""
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb", 0) as file:  # noqa: PTH123 - on a hot path
            return [int(word) for word in file.read().split()]
    except OSError:
        return None


def family_pids(pid: int) -> list[int]:
    """Return a process and its descendants; those that have ended meanwhile may be missing (Linux)."""
    found = [pid]
    for each in found:
        found += _children_of(each)
    return found


def _children_of(pid: int) -> list[int]:
    """Return the children of all threads of a process."""
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - a virtual file system
            children += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    except OSError:
        return children
    return children


def is_alive(pid: str) -> bool:
    """Tell whether there is such a process (Linux); of another text than a number: no."""
    return pid.isdigit() and Path(f"/proc/{pid}").exists()


def user_of(pid: int) -> int | None:
    """Return the uid of a process (Linux); None where there is none, or the kernel does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Uid:")), None)


def thread_count() -> int:
    """Return how many threads this process has, those started by C libraries included (Linux)."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - a directory of a virtual file system, on a hot path
    except OSError:
        return threading.active_count()


def kill_group(pid: int, signum: int) -> bool:
    """Signal the process group that `pid` leads; false when there is none."""
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill(pid: int, signum: int) -> None:
    """Signal a process, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)


class Gone(NamedTuple):
    """A child that has ended: its raw status, and what it and those took that it waited for.

    `session`: 0 where the kernel does not say.
    """

    pid: int
    status: int
    usage: resource.struct_rusage
    session: int = 0

    @property
    def cpu_s(self) -> float:
        """What it took of processors."""
        return self.usage.ru_utime + self.usage.ru_stime


def reap_child() -> Gone | None:
    """Wait for a child that has ended, and kill what is left of its process group; None: none has.

    Raises ChildProcessError where there are no children at all.
    """
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        gone = Gone(*os.wait4(-1, os.WNOHANG))
        if gone.pid:
            kill_group(gone.pid, signal.SIGKILL)
        return gone if gone.pid else None
    found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None:
        return None
    # Its number cannot be given to another process before it is waited for.
    kill_group(found.si_pid, signal.SIGKILL)
    session = session_of(found.si_pid)
    return Gone(*os.wait4(found.si_pid, 0), session)


def session_of(pid: int) -> int:
    """Return the session of a process, which may have ended and not been waited for; 0: there is none such."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def limit_data(limit: int, reserve: int) -> None:
    """Limit the memory that this process may allocate, and what it may allow itself beyond that."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    top = limit + reserve if hard == resource.RLIM_INFINITY else min(limit + reserve, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (min(limit, top), top))


def limit_cpu_time(seconds: int) -> None:
    """Have this process, and each that it starts, killed once it has computed for so long."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # Who handles the first signal gets a second for that.
    top = seconds + 1 if hard == resource.RLIM_INFINITY else min(seconds + 1, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, top), top))


def keep_to_cores(count: int) -> None:
    """Let this process, and what it starts, compute on so many cores, other ones than its neighbours' (Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(cores)
    os.sched_setaffinity(0, (cores[first:] + cores[:first])[:count])


def exit_code(status: int) -> int:
    """Return the exit code of a raw status of wait; of a process killed by a signal, the signal's number
    below zero.
    """
    return os.waitstatus_to_exitcode(status)


def death_words(status: int) -> str:
    """Say a raw status of wait in words: 'exited with code 3', 'was killed by SIGKILL'."""
    code = exit_code(status)
    return f"exited with code {code}" if code >= 0 else f"was killed by {signal_name(-code)}"


def signal_name(number: int) -> str:
    """Return 'SIGKILL' for 9; real-time signals are named by their number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def peak_memory(usage: resource.struct_rusage) -> int:
    """Return the peak of resident memory in bytes; macOS counts in bytes, others in KiB."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def oom_kill_count() -> int:
    """Return how many processes the kernel has killed for want of memory since it started; 0 where it does
    not say.
    """
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def own_memory_bytes(pid: int) -> int:
    """Return the memory of a process, of what it shares its part alone; more exact than `memory_bytes`, and slower."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return memory_bytes(pid)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def cpu_seconds(pid: int) -> float:
    """Return what a process has computed, with its children that have ended; 0 where the kernel does not say."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid: int) -> int:
    """Return the memory that belongs to a process alone, about; 0 where the kernel does not say."""
    try:
        words = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(words[1]) - int(words[2])) * resource.getpagesize()
