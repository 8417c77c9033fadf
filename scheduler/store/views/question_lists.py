"""What tasks ask people, as programs list it: of one run or of all, chosen and ordered by any of its columns."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.questions import IS_OPEN, ROWS, QuestionRow
from scheduler.store.tables import dag_run, question, task_instance

Q = question.c
T = task_instance.c
R = dag_run.c

_COLUMNS: Final[Columns] = {
    "ti_id": Q.ti_id,
    "subject": Q.subject,
    "body": Q.body,
    "created_at": Q.created_at,
    "responded_at": Q.responded_at,
    "responded_by_user_id": Q.responded_by,
    "responded_by_user_name": Q.responded_by,
    "dag_id": R.dag_id,
    "run_id": R.run_id,
    "run_after": R.run_after,
    "task_id": T.task_id,
    "task_display_name": T.task_id,
    "map_index": T.path,
    "rendered_map_index": T.rendered_map_index,
    "task_instance_operator": T.operator,
    "task_instance_state": T.state,
    "state": T.state,
}


def list_some_questions(
    session: Session, choice: Choice, *, is_answered: bool | None, limit: int, offset: int = 0
) -> tuple[list[QuestionRow], int]:
    """Return one page of what is chosen, and how much there is; of what is not answered, what can be now."""
    found = _narrowed(ROWS, choice, is_answered).order_by(*in_order(_COLUMNS, choice, Q.id))
    total = _narrowed(ROWS.with_only_columns(sa.func.count()), choice, is_answered)
    rows = session.execute(found.limit(limit).offset(offset))
    return [QuestionRow(*row) for row in rows], session.scalar(total) or 0


def _narrowed(statement: sa.Select[Any], choice: Choice, is_answered: bool | None) -> sa.Select[Any]:
    statement = statement.where(*conditions(_COLUMNS, choice))
    if is_answered is None:
        return statement
    return statement.where(Q.responded_at.is_not(None) if is_answered else IS_OPEN)
