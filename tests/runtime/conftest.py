"""A supervisor with real children, and a folder of DAG files for them."""

from __future__ import annotations

import itertools
import os
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from scheduler.clock import SystemClock
from scheduler.logs.lines import STDERR, STDOUT, LogLine, decode_lines
from scheduler.logs.segments import first_position, segments
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor import Limits, Supervisor
from scheduler.runtime.supervisor.conversation import Answer
from scheduler.wire import Job, Outcome, ParsedFile, RunInfo

FILE = "tasks.py"
RUN = RunInfo(
    dag_id="d",
    run_id="manual__1",
    run_type="manual",
    logical_date=None,
    data_interval_start=None,
    data_interval_end=None,
    run_after="2026-01-01T00:00:00+00:00",
)
WAIT_S = 30
CLOCK = SystemClock()
ATTEMPT_IDS = itertools.count(1)
DAG_OF_ONE_TASK = """
from scheduler import DAG, PythonOperator
with DAG("d"):
    PythonOperator(task_id="task", python_callable=task, templates_dict={"run": "{{ run_id }}"})
"""


class Crew:
    """A folder of DAG files and logs, and a supervisor that runs them."""

    def __init__(self, folder: Path, supervisor: Supervisor, outcomes: queue.SimpleQueue[Outcome]) -> None:
        self.code_root = folder / "dags"
        self.code_root.mkdir()
        self.logs = folder / "logs"
        self.supervisor = supervisor
        self.outcomes = outcomes
        self.last_id = 0

    def write(self, source: str, file: str = FILE) -> None:
        """Write a DAG file whose one task calls the function `task` of the source."""
        (self.code_root / file).write_text(dedent(source) + DAG_OF_ONE_TASK)

    def launch(
        self,
        file: str = FILE,
        log: LogSink | None = None,
        attempt_id: int | None = None,
        epoch: int = 1,
        run: RunInfo = RUN,
        **fields: Any,
    ) -> int:
        self.last_id = attempt_id or next(ATTEMPT_IDS)
        job = Job(
            attempt_id=self.last_id,
            epoch=epoch,
            kind="task",
            code_root=str(self.code_root),
            file=file,
            run=run,
            task_id="task",
            **fields,
        )
        self.supervisor.launch(job, log or self.sink(epoch))
        return self.last_id

    def outcome(self) -> Outcome:
        return self.outcomes.get(timeout=WAIT_S)

    def run(self, **fields: Any) -> Outcome:
        self.launch(**fields)
        return self.outcome()

    def run_code(self, source: str, **fields: Any) -> Outcome:
        self.write(source)
        return self.run(**fields)

    def parse(self, source: str, timeout_s: float = 10, memory_bytes: int | None = None) -> ParsedFile:
        self.write(source)
        return self.supervisor.parse(
            str(self.code_root), FILE, timeout_s=timeout_s, memory_bytes=memory_bytes
        )

    def sink(self, epoch: int = 1, *, limit: int = 1_000_000) -> LogSink:
        return LogSink(self.log_file(), CLOCK, start=first_position(epoch), limit=limit)

    def log_file(self, attempt_id: int | None = None) -> Path:
        return self.logs / f"{attempt_id or self.last_id}.log"

    def log_size(self, attempt_id: int | None = None) -> int:
        return sum(file.stat().st_size for _, file in segments(self.log_file(attempt_id)))

    def lines(self, attempt_id: int | None = None) -> tuple[LogLine, ...]:
        files = segments(self.log_file(attempt_id))
        return decode_lines(b"".join(file.read_bytes() for _, file in files))

    def texts(self, attempt_id: int | None = None) -> list[str]:
        return [line.text for line in self.lines(attempt_id)]

    def printed(self, attempt_id: int | None = None) -> list[str]:
        return [line.text for line in self.lines(attempt_id) if line.source in (STDOUT, STDERR)]


def nothing_known(_job: Job | None, _verb: str, _args: dict[str, Any]) -> Any:
    return None


@pytest.fixture
def make_crew(tmp_path: Path) -> Iterator[Callable[..., Crew]]:
    """Make crews with supervisors of their own."""
    made: list[Crew] = []

    def make(limits: Limits | None = None, answer: Answer = nothing_known, **options: Any) -> Crew:
        outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        environ = options.pop("environ", os.environ)
        supervisor = Supervisor(
            on_outcome=outcomes.put, answer=answer, clock=CLOCK, environ=environ, limits=limits, **options
        )
        supervisor.start()
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Crew(folder, supervisor, outcomes))
        return made[-1]

    yield make
    for crew in made:
        crew.supervisor.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[tuple[Supervisor, queue.SimpleQueue[Outcome]]]:
    """Start one supervisor for the tests that need nothing special of it: starting one takes half a second."""
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    supervisor = Supervisor(on_outcome=outcomes.put, answer=nothing_known, clock=CLOCK, environ=os.environ)
    supervisor.start()
    yield supervisor, outcomes
    supervisor.close()


@pytest.fixture
def crew(tmp_path: Path, shared: tuple[Supervisor, queue.SimpleQueue[Outcome]]) -> Iterator[Crew]:
    """Give a folder of its own to a test, and the shared supervisor, which it must leave without attempts."""
    supervisor, outcomes = shared
    yield Crew(tmp_path, supervisor, outcomes)
    assert supervisor.live == frozenset()
    assert outcomes.empty()
