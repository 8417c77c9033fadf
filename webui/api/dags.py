"""DAGs and import errors."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.errors import BadParams
from scheduler.operations.pause import set_paused
from scheduler.security.rights import Right
from scheduler.store.dag_files import list_import_errors
from scheduler.store.dags import get_dag, list_dags, load_tags
from scheduler.store.views.fields import dag_fields, import_error_fields
from webui.api.bodies import body
from webui.api.paging import window
from webui.context import actor, now, reading, writing
from webui.fragments import data
from webui.rights import needs

blueprint = Blueprint("api_dags", __name__, url_prefix="/api/v2")


@blueprint.get("/dags")
@needs(Right.DAG_READ)
def show_all() -> Response:
    """Return the DAGs in force, by name."""
    wanted = window()
    with reading() as session:
        found = [dag for dag in list_dags(session) if dag.retired_at is None]
        shown = found[wanted.offset : wanted.offset + wanted.limit]
        tags = load_tags(session, [dag.dag_id for dag in shown])
    dags = [dag_fields(dag, tags.get(dag.dag_id, ())) for dag in shown]
    return data(dags=dags, total_entries=len(found))


@blueprint.get("/dags/<dag_id>")
@needs(Right.DAG_READ)
def show(dag_id: str) -> Response:
    """Return one DAG."""
    with reading() as session:
        dag, tags = get_dag(session, dag_id), load_tags(session, [dag_id])
    return data(**dag_fields(dag, tags.get(dag_id, ())))


@blueprint.patch("/dags/<dag_id>")
@needs(Right.DAG_EDIT)
def change(dag_id: str) -> Response:
    """Pause a DAG or resume it."""
    is_paused = body({"is_paused"}).get("is_paused")
    if not isinstance(is_paused, bool):
        raise BadParams("is_paused must be true or false.")
    writing(lambda session: set_paused(session, now(), [dag_id], is_paused=is_paused, actor=actor()))
    return show(dag_id)


@blueprint.get("/importErrors")
@needs(Right.DAG_READ)
def show_import_errors() -> Response:
    """Return the files that do not load."""
    with reading() as session:
        errors = [import_error_fields(record) for record in list_import_errors(session)]
    return data(import_errors=errors, total_entries=len(errors))
