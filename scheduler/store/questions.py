"""What tasks ask people, and the answers.

A question can be answered as long as its task awaits input in the very try that asked. Whoever cancels, marks or clears
the task need not know of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.lists import is_in, one_of
from scheduler.store.tables import dag_run, question, task_instance
from scheduler.store.upsert import insert_into
from scheduler.wire import Data, Json, MeantQuestion, Question

Q = question.c
T = task_instance.c
R = dag_run.c


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A task that has just asked."""

    run_pk: int
    ti_id: int
    try_number: int
    question: Question
    meant: MeantQuestion | None = None


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with its task, and the answer where there is one."""

    id: int
    run_pk: int
    ti_id: int
    try_number: int
    subject: str
    body: str | None
    options: list[str]
    defaults: list[str] | None
    multiple: bool
    params: Data
    meant: Data | None  #: `wire.MeantQuestion`: for nobody to see
    assigned_users: list[Data]
    method: str
    created_at: datetime
    timeout_s: float | None
    responded_at: datetime | None
    responded_by: str | None
    chosen_options: list[str] | None
    params_input: Data | None
    dag_id: str
    run_id: str
    task_id: str
    path: str
    task_state: str
    task_try: int

    @property
    def is_open(self) -> bool:
        """Whether it can be answered."""
        asks = self.task_state == TaskState.AWAITING_INPUT and self.task_try == self.try_number
        return asks and self.responded_at is None

    @property
    def timeout_at(self) -> datetime | None:
        """When it is answered by its defaults, or fails."""
        return None if self.timeout_s is None else self.created_at + timedelta(seconds=self.timeout_s)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen and filled in; by nobody where it is the defaults of a question that ran out."""

    chosen_options: list[str]
    params_input: Data
    by: str | None


_ROW: Final = (
    *(Q[name] for name in QuestionRow.__slots__ if name in Q),
    *(R.dag_id, R.run_id, T.task_id, T.path, T.state, T.try_number),
)
ROWS: Final = (
    sa.select(*_ROW)
    .select_from(question)
    .join(task_instance, T.id == Q.ti_id)
    .join(dag_run, R.id == Q.run_pk)
)
_IS_ASKING: Final = is_in(T.state, [TaskState.AWAITING_INPUT])
IS_OPEN: Final = sa.and_(_IS_ASKING, T.try_number == Q.try_number, Q.responded_at.is_(None))


def put_questions(session: Session, now: datetime, asked: Sequence[NewQuestion]) -> None:
    """Keep what tasks ask that now await input."""
    for each in asked:
        asks = each.question
        values = {
            "run_pk": each.run_pk,
            "ti_id": each.ti_id,
            "try_number": each.try_number,
            "subject": asks.subject,
            "body": asks.body,
            "options": list(asks.options),
            "defaults": None if asks.defaults is None else list(asks.defaults),
            "multiple": asks.multiple,
            "params": asks.params,
            "meant": each.meant and _meant(each.meant),
            "assigned_users": list(asks.assigned_users),
            "method": asks.method,
            "created_at": now,
            "timeout_s": asks.timeout_s,
        }
        session.execute(insert_into(session, question), values)


def _meant(meant: MeantQuestion) -> Data:
    return {"options": list(meant.options), "params": meant.params, "secrets": list(meant.secrets)}


def questions_of_task(session: Session, ti_id: int) -> list[QuestionRow]:
    """Return all that a task has asked, oldest first."""
    return _rows(session, ROWS.where(Q.ti_id == ti_id).order_by(Q.try_number))


def open_questions_of(session: Session, ti_ids: Collection[int]) -> dict[int, QuestionRow]:
    """Return what these tasks ask now, by task."""
    if not ti_ids:
        return {}
    found = session.execute(ROWS.where(one_of(Q.ti_id, "ids"), IS_OPEN), {"ids": sorted(ti_ids)})
    return {row.ti_id: row for row in (QuestionRow(*each) for each in found)}


def count_open(session: Session) -> int:
    """Count the tasks that await input: what the partial index holds."""
    return session.scalar(sa.select(sa.func.count()).select_from(task_instance).where(_IS_ASKING)) or 0


def list_open(
    session: Session, limit: int, *, dag_id: str | None = None, run_id: str | None = None
) -> list[QuestionRow]:
    """Return what can be answered, oldest first: of all DAGs, of one, or of a run."""
    query = _of(ROWS.where(IS_OPEN), dag_id, run_id)
    return _rows(session, query.order_by(Q.created_at, Q.id).limit(limit))


def list_answered(session: Session, limit: int) -> list[QuestionRow]:
    """Return what was answered, the newest answer first."""
    query = ROWS.where(Q.responded_at.is_not(None))
    return _rows(session, query.order_by(Q.responded_at.desc(), Q.id.desc()).limit(limit))


def list_questions(
    session: Session, limit: int, *, dag_id: str | None = None, run_id: str | None = None
) -> list[QuestionRow]:
    """Return all that was asked, oldest first."""
    query = _of(ROWS, dag_id, run_id)
    return _rows(session, query.order_by(Q.id).limit(limit))


def note_answer(session: Session, now: datetime, question_id: int, answer: Answer) -> bool:
    """Write an answer; false where there is one already."""
    statement = sa.update(question).where(Q.id == question_id, Q.responded_at.is_(None))
    written = session.execute(
        statement.values(
            responded_at=now,
            responded_by=answer.by,
            chosen_options=answer.chosen_options,
            params_input=answer.params_input,
        )
    )
    return written.rowcount == 1


def set_resume(session: Session, ti_id: int, resume: Json) -> None:
    """Say how a task goes on, in its next attempt."""
    session.execute(sa.update(task_instance).where(T.id == ti_id).values(resume=resume))


def _of(query: Any, dag_id: str | None, run_id: str | None) -> Any:  # noqa: ANN401 - a select of whatever columns
    for column, value in ((R.dag_id, dag_id), (R.run_id, run_id)):
        query = query if value is None else query.where(column == value)
    return query


def _rows(session: Session, query: sa.Select[Any]) -> list[QuestionRow]:
    return [QuestionRow(*row) for row in session.execute(query)]
