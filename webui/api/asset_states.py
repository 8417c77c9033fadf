"""What is kept with assets (`asset_state_store`): list, show, set, delete."""

from __future__ import annotations

from typing import Any

from scheduler.errors import NotFound
from scheduler.operations.states import read_asset_states, remove_asset_states, set_asset_state
from scheduler.security.rights import Right
from scheduler.store.assets import asset_by_id
from scheduler.store.dags import owners
from scheduler.store.engine import Session
from scheduler.store.state_stores import StateRow
from webui.api.frame import Fields, Page, Routes
from webui.api.shapes import states as shapes
from webui.context import actor, now, reading, writing
from webui.rights import needs

routes = Routes("api_asset_states", "/api/v2/assets/<int:asset_id>/state-store", tag="Asset State Store")


def _name(asset_id: int) -> str:
    """Return the name of an asset that whoever asks may see. Raises NotFound."""
    with reading() as session:
        return asset_by_id(session, asset_id).name


@routes.get("", answers=shapes.AssetStates)
@needs(Right.ASSET_READ)
def list_asset_state_store(asset_id: int, query: Page) -> Fields:
    """Return what is kept with an asset, by key."""
    name = _name(asset_id)
    with reading() as session:
        found = read_asset_states(session, now(), name)
        shown = [_fields(session, each) for each in query.part(found)]
    return {"asset_state_store": shown, "total_entries": len(found)}


@routes.get("/<path:key>", answers=shapes.AssetState)
@needs(Right.ASSET_READ)
def get_asset_state_store(asset_id: int, key: str) -> Fields:
    """Return one value that is kept with an asset."""
    name = _name(asset_id)
    with reading() as session:
        for each in read_asset_states(session, now(), name):
            if each.key == key:
                return _fields(session, each)
    raise NotFound("state key", key)


@routes.put("/<path:key>", status=204)
@needs(Right.ASSET_EDIT)
def set_asset_state_store(asset_id: int, key: str, body: shapes.StatePatch) -> None:
    """Keep a value with an asset, in place of one of that key."""
    name = _name(asset_id)
    writing(lambda session: set_asset_state(session, now(), name, key, body.value, actor=actor()))


@routes.delete("/<path:key>")
@needs(Right.ASSET_EDIT)
def delete_asset_state_store(asset_id: int, key: str) -> None:
    """Delete what is kept with an asset under a key, if anything is."""
    name = _name(asset_id)

    def delete(session: Session) -> None:
        if any(each.key == key for each in read_asset_states(session, now(), name)):
            remove_asset_states(session, now(), name, key, actor=actor())

    writing(delete)


@routes.delete("")
@needs(Right.ASSET_EDIT)
def clear_asset_state_store(asset_id: int) -> None:
    """Delete all that is kept with an asset."""
    name = _name(asset_id)
    writing(lambda session: remove_asset_states(session, now(), name, None, actor=actor()))


def _fields(session: Session, row: StateRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "value": row.value,
        "updated_at": row.updated_at,
        "last_updated_by": _writer(session, row.updated_by) if row.updated_by else None,
    }


def _writer(session: Session, by: str) -> dict[str, Any]:
    """Tell who kept it. The dots of `task:DAG.TASK` part DAG and task where there is such a DAG in sight."""
    kind, _, name = by.partition(":")
    if kind != "task":
        return {"kind": "api"} | dict.fromkeys(("dag_id", "run_id", "task_id", "map_index"))
    parts = name.split(".")
    wanted = {".".join(parts[:count]) for count in range(1, len(parts))}
    dag_id = max(owners(session, wanted), key=len, default=None)
    task_id = None if dag_id is None else name[len(dag_id) + 1 :]
    return {"kind": "task", "dag_id": dag_id, "run_id": None, "task_id": task_id, "map_index": None}
