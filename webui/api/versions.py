"""Versions of DAGs, and the files that they were read from."""

from __future__ import annotations

from flask import Response, request

from scheduler.errors import NotFound
from scheduler.security.rights import Right
from scheduler.store.dags import get_dag
from scheduler.store.views.dag_facts import find_numbered, list_some_versions
from scheduler.store.views.dags import load_source
from webui.api.frame import Fields, Routes
from webui.api.shapes import versions as shapes
from webui.api.version_fields import version_fields
from webui.context import reading
from webui.rights import ANY_DAG, needs

routes = Routes("api_versions", "/api/v2", tag="DAG Version")


@routes.get("/dags/<dag_id>/dagVersions", answers=shapes.DagVersions)
@needs(Right.DAG_READ)
def get_dag_versions(dag_id: str, query: shapes.DagVersionsWanted) -> Fields:
    """Return the versions of a DAG, or with `~` of all DAGs."""
    with reading() as session:
        if dag_id != ANY_DAG:
            get_dag(session, dag_id)
        found, total = list_some_versions(
            session,
            None if dag_id == ANY_DAG else dag_id,
            query.choice(),
            limit=query.count,
            offset=query.offset,
        )
    return {"dag_versions": [version_fields(ref, name, None) for ref, name in found], "total_entries": total}


@routes.get("/dags/<dag_id>/dagVersions/<int:version_number>", answers=shapes.DagVersion)
@needs(Right.DAG_READ)
def get_dag_version(dag_id: str, version_number: int) -> Fields:
    """Return one version of a DAG."""
    with reading() as session:
        ref, dag = find_numbered(session, dag_id, version_number)
    return version_fields(ref, dag["display_name"], None)


@routes.get("/dagSources/<dag_id>", answers=shapes.DagSource)
@needs(Right.DAG_CODE)
def get_dag_source(dag_id: str, query: shapes.SourceWanted) -> Fields | Response:
    """Return the file of a DAG as a version has it: as JSON, or as text where that is asked for."""
    with reading() as session:
        ref, dag = find_numbered(session, dag_id, query.version_number)
        text = load_source(session, ref.snapshot_id, dag["file"])
    kinds = ["application/json", "text/plain"]
    kind = request.accept_mimetypes.best_match(kinds) if request.accept_mimetypes else kinds[0]
    if kind == "text/plain":
        return Response(text, content_type="text/plain; charset=utf-8")
    if kind is None:
        raise NotFound(
            "form of a source", str(request.accept_mimetypes)[:80], hint=f"Ask for {' or '.join(kinds)}."
        )
    name = dag["display_name"] or dag_id
    return {"content": text, "dag_id": dag_id, "version_number": ref.number, "dag_display_name": name}
