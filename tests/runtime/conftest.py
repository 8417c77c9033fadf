"""A supervisor with real children, and a folder of DAG files for them."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from scheduler.clock import SystemClock
from scheduler.logs.lines import LogLine, decode_lines
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor import Limits, Supervisor
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
DAG_OF_ONE_TASK = """
from scheduler import DAG, PythonOperator
with DAG("d"):
    PythonOperator(task_id="task", python_callable=task)
"""


class Crew:
    """A supervisor, its log folder, and the outcomes that it delivered."""

    def __init__(self, folder: Path, limits: Limits, answer: Callable[..., Any], **options: Any) -> None:
        self.code_root = folder / "dags"
        self.code_root.mkdir()
        self.logs = folder / "logs"
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.clock = SystemClock()
        self.environ = dict(os.environ)
        self._count = 0
        self.supervisor = Supervisor(
            on_outcome=self.outcomes.put,
            answer=answer,
            clock=self.clock,
            environ=options.pop("environ", os.environ),
            limits=limits,
            **options,
        )
        self.supervisor.start()

    def write(self, source: str, file: str = FILE) -> None:
        """Write a DAG file whose one task calls the function `task` of the source."""
        (self.code_root / file).write_text(dedent(source) + DAG_OF_ONE_TASK)

    def launch(self, file: str = FILE, **fields: Any) -> int:
        self._count += 1
        job = Job(
            attempt_id=self._count,
            epoch=1,
            kind="task",
            code_root=str(self.code_root),
            file=file,
            run=RUN,
            task_id="task",
            **fields,
        )
        self.supervisor.launch(job, LogSink(self.log_file(self._count), self.clock, limit=1_000_000))
        return self._count

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

    def log_file(self, attempt_id: int = 1) -> Path:
        return self.logs / f"{attempt_id}.log"

    def lines(self, attempt_id: int = 1) -> tuple[LogLine, ...]:
        return decode_lines(self.log_file(attempt_id).read_bytes())

    def printed(self, attempt_id: int = 1) -> list[str]:
        return [line.text for line in self.lines(attempt_id) if line.source == "output"]


@pytest.fixture
def make_crew(tmp_path: Path) -> Iterator[Callable[..., Crew]]:
    made: list[Crew] = []

    def make(
        limits: Limits | None = None, answer: Callable[..., Any] = nothing_known, **options: Any
    ) -> Crew:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Crew(folder, limits or Limits(), answer, **options))
        return made[-1]

    yield make
    for crew in made:
        crew.supervisor.close()


@pytest.fixture
def crew(make_crew: Callable[..., Crew]) -> Crew:
    return make_crew()


def nothing_known(_job: Job | None, _verb: str, _args: dict[str, Any]) -> Any:
    return None
