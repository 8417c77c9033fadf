"""How fast attempts start and end: a warm no-op from `launch` to `on_outcome`, one at a time and eight at a
time.

Beside it the floor of the same machine in the same minute: fork, exit and wait of a bare Python process.

    python benchmarks/attempts.py [--count 300]
"""

from __future__ import annotations

import argparse
import os
import queue
import resource
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from scheduler.clock import SystemClock
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor import Supervisor
from scheduler.runtime.supervisor.cgroups import GroupTree, Unusable, find_groups
from scheduler.wire import Isolation, Job, Outcome, RunInfo

DAG_FILE = """
from scheduler import DAG, PythonOperator
with DAG("bench"):
    PythonOperator(task_id="noop", python_callable=int)
"""
RUN = RunInfo(
    dag_id="bench",
    run_id="manual__1",
    run_type="manual",
    logical_date=None,
    data_interval_start=None,
    data_interval_end=None,
    run_after="2026-01-01T00:00:00+00:00",
)


class Bench:
    """A supervisor and a folder with one DAG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bench.py").write_text(DAG_FILE)
        self.clock = SystemClock()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.count = 0
        self.supervisor = Supervisor(
            on_outcome=self.outcomes.put,
            answer=lambda _job, _verb, _args: None,
            clock=self.clock,
            environ=os.environ,
            groups=control_groups(),
        )
        self.supervisor.start()

    def launch(self, isolation: Isolation | None = None) -> None:
        """Launch a no-op."""
        self.count += 1
        job = Job(
            attempt_id=self.count,
            epoch=1,
            kind="task",
            code_root=str(self.folder),
            file="bench.py",
            run=RUN,
            task_id="noop",
            isolation=isolation,
        )
        self.supervisor.launch(job, LogSink(self.folder / "logs" / f"{self.count}.log", self.clock))

    def finish(self) -> None:
        """Take one outcome, which must be a success."""
        outcome = self.outcomes.get(timeout=60)
        assert outcome.state == "success", outcome

    def one(self, isolation: Isolation | None = None) -> float:
        """Run one no-op; return its seconds."""
        started = time.perf_counter()
        self.launch(isolation)
        self.finish()
        return time.perf_counter() - started

    def many(self, count: int, at_once: int) -> float:
        """Run no-ops side by side; return how many a second."""
        started = time.perf_counter()
        for number in range(count):
            if number >= at_once:
                self.finish()
            self.launch()
        for _ in range(min(at_once, count)):
            self.finish()
        return count / (time.perf_counter() - started)


def control_groups() -> GroupTree | None:
    """Return the control groups of this machine, as a worker would use them."""
    try:
        return find_groups()
    except Unusable:
        return None


def floor(count: int) -> list[float]:
    """Return the seconds of forks that exit at once."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        seconds.append(time.perf_counter() - started)
    return seconds


def shown(name: str, seconds: list[float]) -> None:
    """Print median, minimum and 95th percentile in milliseconds."""
    ordered = sorted(value * 1000 for value in seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{name:<34} median {statistics.median(ordered):6.2f} ms   min {ordered[0]:6.2f}   p95 {p95:6.2f}")


def show_processes() -> None:
    """Print what the idle processes below this one take."""
    for process in psutil.Process().children(recursive=True):
        memory = process.memory_full_info()
        print(f"{'idle child':<34} PSS {memory.pss / 1e6:5.1f} MB, USS {memory.uss / 1e6:5.1f} MB")


def cpu_s() -> float:
    """Return the CPU seconds of this process and of the processes below it."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    below = sum(each.user + each.system + each.children_user + each.children_system for each in times)
    return own.ru_utime + own.ru_stime + below


def main(count: int) -> None:
    """Measure and print."""
    shown("floor: fork, exit, wait", floor(count))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        print(f"{'cold first attempt':<34} {bench.one() * 1000:6.0f} ms")
        before = cpu_s()
        shown("warm no-op, one at a time", [bench.one() for _ in range(count)])
        print(f"{'CPU of it, all processes':<34} {(cpu_s() - before) / count * 1000:6.2f} ms an attempt")
        limited = Isolation(memory_bytes=512 * 1024 * 1024)
        shown("the same with a memory limit", [bench.one(limited) for _ in range(count)])
        fresh = Isolation(mode="fresh")
        shown("in fresh interpreters", [bench.one(fresh) for _ in range(max(20, count // 10))])
        print(f"{'warm no-ops, eight at a time':<34} {bench.many(count * 3, 8):6.0f} a second")
        started = time.perf_counter()
        bench.supervisor.parse(folder, "bench.py", timeout_s=30, memory_bytes=None)
        print(f"{'first parse':<34} {(time.perf_counter() - started) * 1000:6.1f} ms")
        show_processes()
        bench.supervisor.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    main(parser.parse_args().count)
