"""What to say of a DAG, run or task that is not there: what may have been meant, or which file fails to declare it.

Asked only once something was looked up in vain.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from sqlalchemy import select

from scheduler.errors import NotFound
from scheduler.store.blobs import load_blobs
from scheduler.store.dag_files import FileRecord, list_import_errors
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run, task_instance

#: Broken files that are read for the name of a DAG.
_READ: Final = 50
#: Tasks that are named where none is near.
_NAMED: Final = 8


def no_dag(session: Session, dag_id: str) -> NotFound:
    """Return the error for a DAG that is not there, with the file that names it and does not load."""
    if hint := _hint_of_files(session, dag_id):
        return NotFound("DAG", dag_id, hint=hint)
    return NotFound("DAG", dag_id, hint=_nearest(dag_id, session.scalars(select(dag.c.dag_id)).all()))


def no_run(session: Session, dag_id: str, run_id: str) -> NotFound:
    """Return the error for a run that is not there; for its DAG where that is not there either."""
    if session.scalar(select(dag.c.dag_id).where(dag.c.dag_id == dag_id)) is None:
        return no_dag(session, dag_id)
    runs = select(dag_run.c.run_id).where(dag_run.c.dag_id == dag_id).order_by(dag_run.c.id.desc()).limit(1)
    newest = session.scalar(runs)
    hint = f"The newest run of this DAG is {newest!r}." if newest else "This DAG has no run yet."
    return NotFound("run", f"{dag_id}/{run_id}", hint=hint)


def no_task(session: Session, run_pk: int, task_id: str, path: str) -> NotFound:
    """Return the error for a task that a run does not have."""
    known = session.scalars(
        select(task_instance.c.task_id).where(task_instance.c.run_pk == run_pk).distinct()
    )
    name = f"{task_id}[{path}]" if path else task_id
    return NotFound("task", name, hint=nearest_task(task_id, known.all()))


def nearest_task(task_id: str, known: Collection[str]) -> str:
    """Return a sentence that names the task that may have been meant, or some of those there are."""
    if task_id in known:
        return "The task has no instance with this path."
    in_groups = sorted(each for each in known if each.endswith(f".{task_id}"))
    if in_groups:
        return f"Did you mean {in_groups[0]!r}?"
    return _nearest(task_id, known) or _some(known)


def _some(known: Collection[str]) -> str:
    if not known:
        return ""
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"There are: {', '.join(sorted(known)[:_NAMED])}{more}."


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def _hint_of_files(session: Session, dag_id: str) -> str:
    for record in list_import_errors(session)[:_READ]:
        if record.error and _names(session, record, dag_id):
            line = f"line {record.error.lineno}: " if record.error.lineno else ""
            return f"{record.path} names it and does not load: {line}{record.error.message}"
    return ""


def _names(session: Session, record: FileRecord, dag_id: str) -> bool:
    content = record.files.get(record.path, "")
    return dag_id.encode() in load_blobs(session, [content]).get(content, b"")
