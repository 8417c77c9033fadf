"""Runs the examples on a server of its own, and says how each ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
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
from tests.compat.examples.expected import EARLY, LACKS, LEFT_OUT, PATIENT, expected
from tests.compat.examples.patience import End, play_patient, told
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
        states = _ended(server, records) | play_patient(server.dags, records, libs)
        return [line for record in records for line in _lines(record, states)]


def _ended(server: Project, records: list[FileRecord]) -> dict[str, End]:
    dag_ids = {dag_id for record in records for dag_id in record.dag_ids} - PATIENT
    ends: dict[str, End] = {}
    for wave in (dag_ids & EARLY, dag_ids - EARLY):
        runs = dict(_triggered(server, sorted(wave)))
        _await(server, runs.values())
        ends |= {dag_id: _end(dag_id, run) for dag_id, run in runs.items()}
    return ends


def _loaded(server: Project, files: list[str]) -> list[FileRecord]:
    def look() -> list[FileRecord]:
        with server.db.read() as session:
            known = load_files(session)
        return [known[file] for file in files] if known.keys() >= set(files) else []

    return eventually(look, within=_LOADING_S, told=server.told)


def _triggered(server: Project, dag_ids: Iterable[str]) -> Iterator[tuple[str, Run | str]]:
    for dag_id in dag_ids:
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


def _end(dag_id: str, run: Run | str) -> End:
    if isinstance(run, str):
        return End("refused", run)
    if run.state == expected(dag_id):
        return End(run.state, "")
    return End(run.state, told(run.tasks))


def _lines(record: FileRecord, ends: Mapping[str, End]) -> Iterator[Line]:
    file = record.path
    if not record.dag_ids:
        error = f"{record.error.type}: {record.error.message}" if record.error else "declares no DAG"
        reason = LACKS.get(Path(file).name, error)
        yield Line(file, record.error is None, "", "", "", reason)
    for dag_id in record.dag_ids:
        end = ends[dag_id]
        reason = end.why if end.state == expected(dag_id) else LEFT_OUT.get(dag_id, end.why)
        yield Line(file, True, dag_id, end.state, expected(dag_id), reason)
