"""What tasks keep between their attempts (`task_state_store`): list, show, set, delete."""

from __future__ import annotations

from functools import partial

from scheduler.errors import BadParams
from scheduler.operations.states import read_state, read_states, remove_states, set_state
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.views.fields import state_fields
from webui.api.frame import Fields, Routes
from webui.api.shapes import states as shapes
from webui.context import actor, now, reading, writing
from webui.rights import needs

routes = Routes(
    "api_task_states",
    "/api/v2/dags/<dag_id>/dagRuns/<dag_run_id>/taskInstances/<task_id>/state-store",
    tag="Task State Store",
)


def _path(query: shapes.OfInstance | shapes.InstancePage) -> str:
    return "" if query.map_index < 0 else str(query.map_index)


@routes.get("", answers=shapes.TaskStates)
@needs(Right.XCOM_READ)
def list_task_state_store(dag_id: str, dag_run_id: str, task_id: str, query: shapes.InstancePage) -> Fields:
    """Return what a task instance keeps, by key."""
    with reading() as session:
        found = read_states(session, now(), dag_id, dag_run_id, task_id, path=_path(query))
    shown = [state_fields(each) for each in query.part(found)]
    return {"task_state_store": shown, "total_entries": len(found)}


@routes.get("/<path:key>", answers=shapes.TaskState)
@needs(Right.XCOM_READ)
def get_task_state_store(
    dag_id: str, dag_run_id: str, task_id: str, key: str, query: shapes.OfInstance
) -> Fields:
    """Return one value that a task instance keeps."""
    with reading() as session:
        return state_fields(read_state(session, now(), dag_id, dag_run_id, task_id, key, path=_path(query)))


@routes.put("/<path:key>", status=204)
@needs(Right.XCOM_EDIT)
def set_task_state_store(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    key: str,
    query: shapes.OfInstance,
    body: shapes.TaskStateSet,
) -> None:
    """Keep a value for a task instance, in place of one of that key; its next attempt finds it."""
    until = None if isinstance(body.expires_at, str) else body.expires_at
    if until is not None and until <= now():
        raise BadParams(f"expires_at={until.isoformat()} is over: delete the key instead.")
    keep = partial(set_state, path=_path(query), actor=actor(), expires_at=until)
    writing(lambda session: keep(session, now(), dag_id, dag_run_id, task_id, key, body.value))


@routes.patch("/<path:key>", answers=shapes.TaskState)
@needs(Right.XCOM_EDIT)
def patch_task_state_store(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    key: str,
    query: shapes.OfInstance,
    body: shapes.StatePatch,
) -> Fields:
    """Put another value in place of one that is kept, for as long."""

    def change(session: Session) -> None:
        at, path = now(), _path(query)
        until = read_state(session, at, dag_id, dag_run_id, task_id, key, path=path).expires_at
        set_state(
            session,
            at,
            dag_id,
            dag_run_id,
            task_id,
            key,
            body.value,
            path=path,
            actor=actor(),
            expires_at=until,
        )

    writing(change)
    return get_task_state_store(dag_id, dag_run_id, task_id, key, query)


@routes.delete("/<path:key>")
@needs(Right.XCOM_EDIT)
def delete_task_state_store(
    dag_id: str, dag_run_id: str, task_id: str, key: str, query: shapes.OfInstance
) -> None:
    """Delete what a task instance keeps under a key, if it does."""
    path = _path(query)

    def delete(session: Session) -> None:
        if any(
            each.key == key for each in read_states(session, now(), dag_id, dag_run_id, task_id, path=path)
        ):
            remove_states(session, now(), dag_id, dag_run_id, task_id, key, path=path, actor=actor())

    writing(delete)


@routes.delete("")
@needs(Right.XCOM_EDIT)
def clear_task_state_store(dag_id: str, dag_run_id: str, task_id: str, query: shapes.OfInstances) -> None:
    """Delete all that a task instance keeps, or with `all_map_indices` all instances of it."""
    path = None if query.all_map_indices else _path(query)
    writing(
        lambda session: remove_states(
            session, now(), dag_id, dag_run_id, task_id, None, path=path, actor=actor()
        )
    )
