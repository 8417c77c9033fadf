"""What the database of a running installation knows, read from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.clock import SystemClock
from scheduler.errors import DatabaseUnavailable
from scheduler.logs.address import LogAddress
from scheduler.store import Database
from scheduler.store.dag_files import FileRecord, list_import_errors
from scheduler.store.tables import attempt, dag, dag_run, task_instance
from tests.integration.waiting import DEADLINE_S, eventually

FINISHED = ("success", "failed")


@dataclass(frozen=True)
class Record:
    """Answers questions about DAGs and runs."""

    db: Database
    log_folder: Path

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Return rows; none while there is no database yet."""
        try:
            with self.db.read() as session:
                return session.execute(query).all()
        except (sa.exc.OperationalError, sa.exc.ProgrammingError, DatabaseUnavailable):
            return []

    def dag(self, dag_id: str) -> sa.Row[Any] | None:
        """Return a DAG that is known and not retired."""
        found = self.rows(sa.select(dag).where(dag.c.dag_id == dag_id, dag.c.retired_at.is_(None)))
        return found[0] if found else None

    def runs(self, dag_id: str) -> Sequence[sa.Row[Any]]:
        """Return the runs of a DAG, oldest first."""
        return self.rows(sa.select(dag_run).where(dag_run.c.dag_id == dag_id).order_by(dag_run.c.id))

    def import_errors(self) -> list[FileRecord]:
        """Return the files that cannot be imported."""
        with self.db.read() as session:
            return list(list_import_errors(session))


@dataclass(frozen=True)
class Run:
    """One run, followed from outside."""

    record: Record
    run_pk: int
    run_id: str
    told: Callable[[], str]

    @property
    def row(self) -> sa.Row[Any]:
        """The run as it stands."""
        (row,) = self.record.rows(sa.select(dag_run).where(dag_run.c.id == self.run_pk))
        return row

    @property
    def state(self) -> str:
        """Its state."""
        return str(self.row.state)

    @property
    def tasks(self) -> dict[str, str]:
        """The state of each task."""
        query = sa.select(task_instance).where(task_instance.c.run_pk == self.run_pk)
        return {row.task_id: row.state for row in self.record.rows(query)}

    def task(self, task_id: str) -> sa.Row[Any]:
        """Return a task as it stands."""
        which = (task_instance.c.run_pk == self.run_pk, task_instance.c.task_id == task_id)
        (row,) = self.record.rows(sa.select(task_instance).where(*which))
        return row

    def attempts(self, task_id: str | None = None) -> Sequence[sa.Row[Any]]:
        """Return the attempts of a task (None: callbacks of the DAG), oldest first."""
        query = sa.select(attempt, task_instance.c.task_id, task_instance.c.path).outerjoin(
            task_instance, task_instance.c.id == attempt.c.ti_id
        )
        which = task_instance.c.task_id == task_id if task_id else attempt.c.ti_id.is_(None)
        return self.record.rows(query.where(attempt.c.run_pk == self.run_pk, which).order_by(attempt.c.id))

    def log(self, task_id: str | None = None, number: int = -1) -> str:
        """Return the log of an attempt of a task, the newest unless another one is asked for."""
        part = self._logs.read(self._address(self.attempts(task_id)[number]), 0)
        return "\n".join(line.text for line in part.lines)

    def tail(self, task_id: str, count: int = 20) -> str:
        """Return the end of the newest log of a task."""
        lines = self._logs.tail(self._address(self.attempts(task_id)[-1]), count)
        return "\n".join(line.text for line in lines)

    @property
    def _logs(self) -> AttemptLogs:
        return AttemptLogs(self.record.db, self.record.log_folder, SystemClock())

    def _address(self, row: sa.Row[Any]) -> LogAddress:
        return LogAddress(
            dag_id=self.row.dag_id,
            run_id=self.run_id,
            attempt_id=row.id,
            task_id=row.task_id or "",
            path=row.path or "",
        )

    def until(self, state: str = "success", *, within: float = DEADLINE_S) -> Run:
        """Wait until the run has ended, in this state."""
        eventually(lambda: self.state in FINISHED, within=within, told=self._story)
        assert self.state == state, self._story()
        return self

    def until_task(self, task_id: str, *states: str, within: float = DEADLINE_S) -> Run:
        """Wait until a task is in one of these states."""
        eventually(lambda: self.task(task_id).state in states, within=within, told=self._story)
        return self

    def _story(self) -> str:
        query = sa.select(task_instance.c.task_id, task_instance.c.state, task_instance.c.reason)
        tasks = self.record.rows(query.where(task_instance.c.run_pk == self.run_pk).limit(30))
        return f"run {self.run_id}: {self.state} {self.row.reason}\n{tasks}\n{self.told()}"
