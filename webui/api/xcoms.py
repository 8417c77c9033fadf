"""Values that tasks handed on: list, show, set, delete."""

from __future__ import annotations

from typing import Any

from scheduler.core.ids import TaskKey
from scheduler.errors import NotFound
from scheduler.operations.xcoms import remove_xcom, set_xcom
from scheduler.plain_values import read_plain
from scheduler.security.rights import Right
from scheduler.store.choices import Choice
from scheduler.store.engine import Session
from scheduler.store.views.run_lists import find_entry as find_run
from scheduler.store.views.xcom_lists import XComEntry, list_entries, load_text
from webui.api.frame import Fields, Routes
from webui.api.shapes import xcoms as shapes
from webui.api.shapes.tasks import Instance
from webui.api.tasks import find_instance, key_of
from webui.context import actor, now, reading, spec_of, writing
from webui.rights import needs

routes = Routes(
    "api_xcoms",
    "/api/v2/dags/<dag_id>/dagRuns/<dag_run_id>/taskInstances/<task_id>/xcomEntries",
    tag="XCom",
)


@routes.get("", answers=shapes.XComs)
@needs(Right.XCOM_READ)
def get_xcom_entries(dag_id: str, dag_run_id: str, task_id: str, query: shapes.XComsQuery) -> Fields:
    """Return what a task handed on, without the values; `~` stands for all DAGs, runs or tasks."""
    choice = query.choice()
    names = (("dag_id", dag_id), ("run_id", dag_run_id), ("task_id", task_id))
    for name, value in names:
        choice = choice if value == "~" else choice.only(name, value)
    for index in (query.map_index, query.map_index_filter):
        choice = choice if index is None else choice.only("map_index", "" if index < 0 else str(index))
    with reading() as session:
        if "~" not in (dag_id, dag_run_id):
            find_run(session, dag_id, dag_run_id)
        found, total = list_entries(session, choice, limit=query.count, offset=query.offset)
        return {"xcom_entries": [_fields(session, each) for each in found], "total_entries": total}


def _fields(session: Session, entry: XComEntry) -> dict[str, Any]:
    labels = {each.task_id: each.label for each in spec_of(session, entry.version_id).tasks}
    return {
        "key": entry.key,
        "timestamp": entry.updated_at,
        "logical_date": entry.logical_date,
        "map_index": int(entry.path.partition(".")[0] or -1),
        "path": entry.path,
        "task_id": entry.task_id,
        "dag_id": entry.dag_id,
        "run_id": entry.run_id,
        "dag_display_name": entry.display_name,
        "task_display_name": labels.get(entry.task_id) or entry.task_id,
        "run_after": entry.run_after,
    }


@routes.get("/<xcom_key>", answers=shapes.XComWithValue)
@needs(Right.XCOM_READ)
def get_xcom_entry(
    dag_id: str, dag_run_id: str, task_id: str, xcom_key: str, query: shapes.XComQuery
) -> Fields:
    """Return one value that a task handed on; with `stringify` as JSON text."""
    key = key_of(task_id, query.map_index, query.path)
    return _one(dag_id, dag_run_id, key, xcom_key, as_text=query.stringify)


def _one(dag_id: str, run_id: str, key: TaskKey, name: str, *, as_text: bool = False) -> Fields:
    among = {"dag_id": [dag_id], "run_id": [run_id], "task_id": [key.task_id]}
    with reading() as session:
        entry = find_instance(session, dag_id, run_id, key)
        chosen = Choice(among={**among, "map_index": [key.path], "key": [name]})
        found, _ = list_entries(session, chosen, limit=1)
        text = load_text(session, entry.run_pk, key.task_id, name, path=key.path)
        if text is None or not found:
            raise NotFound("XCom", name, hint=f"{key.task_id} has none of that key.")
        return {**_fields(session, found[0]), "value": text if as_text else read_plain(text)}


@routes.post("", answers=shapes.XComWithValue, status=201)
@needs(Right.XCOM_EDIT)
def create_xcom_entry(dag_id: str, dag_run_id: str, task_id: str, body: shapes.XComCreate) -> Fields:
    """Hand something on in the name of a task."""
    key = key_of(task_id, body.map_index)
    writing(
        lambda session: set_xcom(
            session, now(), dag_id, dag_run_id, key, body.key, body.value, is_new=True, actor=actor()
        )
    )
    return _one(dag_id, dag_run_id, key, body.key)


@routes.patch("/<xcom_key>", answers=shapes.XComWithValue)
@needs(Right.XCOM_EDIT)
def update_xcom_entry(
    dag_id: str, dag_run_id: str, task_id: str, xcom_key: str, body: shapes.XComUpdate
) -> Fields:
    """Put another value in place of one that a task handed on."""
    key = key_of(task_id, body.map_index)
    writing(
        lambda session: set_xcom(
            session, now(), dag_id, dag_run_id, key, xcom_key, body.value, is_new=False, actor=actor()
        )
    )
    return _one(dag_id, dag_run_id, key, xcom_key)


@routes.delete("/<xcom_key>")
@needs(Right.XCOM_EDIT)
def delete_xcom_entry(dag_id: str, dag_run_id: str, task_id: str, xcom_key: str, query: Instance) -> None:
    """Take a value away that a task handed on."""
    key = key_of(task_id, query.map_index, query.path)
    writing(lambda session: remove_xcom(session, now(), dag_id, dag_run_id, key, xcom_key, actor=actor()))
