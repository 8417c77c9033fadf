"""The states of many runs and of their tasks at once, for triggers that wait for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_instance

R = dag_run.c
T = task_instance.c


@dataclass(frozen=True, slots=True)
class Question:
    """Runs of a DAG, by id or by logical date."""

    dag_id: str
    run_id: str | None
    logical_date: datetime | None
    wants_tasks: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The states of runs by run_id, and of the tasks of each by `task_id`, or `task_id[path]`."""

    runs: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, dict[str, str]] = field(default_factory=dict)


def states_of(session: Session, questions: Sequence[Question]) -> list[Answer]:
    """Return what stands of each, in two statements however many there are (a few thousand at most)."""
    run_ids = {each.run_id for each in questions if each.run_id is not None}
    dates = {each.logical_date for each in questions if each.logical_date is not None}
    query = sa.select(R.id, R.dag_id, R.run_id, R.logical_date, R.state).where(
        R.dag_id.in_(sorted({each.dag_id for each in questions})),
        sa.or_(R.run_id.in_(sorted(run_ids)), R.logical_date.in_(sorted(dates))),
    )
    found: defaultdict[tuple[str, str | datetime | None], list[Any]]
    found = defaultdict(list)
    for row in session.execute(query):
        found[row.dag_id, row.run_id].append(row)
        found[row.dag_id, row.logical_date].append(row)
    wanted = {row.id for each in questions if each.wants_tasks for row in found[_key(each)]}
    tasks = _tasks_of(session, wanted)
    return [
        Answer(
            {row.run_id: row.state for row in found[_key(each)]},
            {row.run_id: tasks[row.id] for row in found[_key(each)]} if each.wants_tasks else {},
        )
        for each in questions
    ]


def _key(question: Question) -> tuple[str, str | datetime | None]:
    return question.dag_id, question.run_id or question.logical_date


def _tasks_of(session: Session, run_pks: set[int]) -> defaultdict[int, dict[str, str]]:
    tasks: defaultdict[int, dict[str, str]] = defaultdict(dict)
    if run_pks:
        query = sa.select(T.run_pk, T.task_id, T.path, T.state).where(T.run_pk.in_(sorted(run_pks)))
        for row in session.execute(query):
            tasks[row.run_pk][f"{row.task_id}[{row.path}]" if row.path else row.task_id] = row.state
    return tasks
