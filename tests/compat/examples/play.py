"""Runs the examples on a server of its own, and says how each ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.errors import Conflict, DirigentError
from scheduler.operations.questions import answer_question
from scheduler.store import Session
from scheduler.store.dag_files import FileRecord, load_files
from scheduler.store.questions import QuestionRow, list_open
from tests.compat.examples.expected import ENDS, LACKS, LEFT_OUT
from tests.compat.examples.wheels import fetch, lay_out
from tests.integration.project import Project, project
from tests.integration.record import FINISHED, Run
from tests.integration.waiting import eventually

#: How long the files get to load, and all runs together to end.
_LOADING_S = 180.0
_RUNNING_S = 150.0


@dataclass(frozen=True)
class Line:
    """One line of the table: a DAG, or a file that declares none."""

    file: str
    loads: bool
    dag_id: str
    state: str
    expected: str
    reason: str

    @property
    def is_right(self) -> bool:
        """Whether it loads, and ends as in Airflow."""
        return self.loads and self.state == self.expected

    @property
    def is_excused(self) -> bool:
        """Whether the reason why it does not is known."""
        return Path(self.file).name in LACKS or self.dag_id in LEFT_OUT


def play(cache: Path, folder: Path) -> list[Line]:
    """Fetch, load and run all examples."""
    fetch(cache)
    libs = os.pathsep.join([str(cache / "libs"), *map(str, filter(None, sys.path))])
    with project(folder) as server:
        files = lay_out(cache, server.dags)
        server.start("up", PYTHONPATH=libs)
        records = _loaded(server, files)
        runs = dict(_triggered(server, records))
        _await(server, runs.values())
        return [line for record in records for line in _lines(record, runs)]


def _loaded(server: Project, files: list[str]) -> list[FileRecord]:
    def look() -> list[FileRecord]:
        with server.db.read() as session:
            known = load_files(session)
        return [known[file] for file in files] if known.keys() >= set(files) else []

    return eventually(look, within=_LOADING_S, told=server.told)


def _triggered(server: Project, records: Iterable[FileRecord]) -> Iterator[tuple[str, Run | str]]:
    for dag_id in (dag_id for record in records for dag_id in record.dag_ids):
        try:
            yield dag_id, server.trigger(dag_id)
        except DirigentError as error:
            yield dag_id, str(error)


def _answer(server: Project) -> None:
    """Answer what runs ask with the first option; one that runs out of time meanwhile has its defaults."""
    with server.db.read() as session:
        waiting = list_open(session, 100)
    for asked in waiting:
        with suppress(Conflict):
            server.db.transact(partial(_choose_first, asked))


def _choose_first(asked: QuestionRow, session: Session) -> None:
    names = (asked.dag_id, asked.run_id, asked.task_id)
    chosen = asked.options[:1]
    answer_question(
        session, SystemClock().now(), *names, chosen_options=chosen, path=asked.path, actor="test"
    )


def _await(server: Project, runs: Iterable[Run | str]) -> None:
    waited = [run for run in runs if isinstance(run, Run)]

    def look() -> bool:
        _answer(server)
        return all(run.state in FINISHED for run in waited)

    try:
        eventually(look, within=_RUNNING_S)
    except AssertionError:
        return  # Those that go on are shown so.


def _lines(record: FileRecord, runs: dict[str, Run | str]) -> Iterator[Line]:
    file = record.path
    if not record.dag_ids:
        error = f"{record.error.type}: {record.error.message}" if record.error else "declares no DAG"
        reason = LACKS.get(Path(file).name, error)
        yield Line(file, record.error is None, "", "", "", reason)
    for dag_id in record.dag_ids:
        run = runs[dag_id]
        state = run.state if isinstance(run, Run) else "refused"
        expected = ENDS.get(dag_id, "success")
        yield Line(file, True, dag_id, state, expected, LEFT_OUT.get(dag_id, _why(run, state, expected)))


def _why(run: Run | str, state: str, expected: str) -> str:
    if isinstance(run, str):
        return run
    if state == expected:
        return ""
    return ", ".join(
        f"{task_id} {each}" for task_id, each in run.tasks.items() if each not in ("success", "skipped")
    )
