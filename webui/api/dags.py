"""DAGs and their tags."""

from __future__ import annotations

from functools import partial
from typing import Final

from scheduler.errors import TooMany
from scheduler.operations import delete
from scheduler.operations.favorites import set_favorite
from scheduler.operations.pause import set_paused
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.views.dag_lists import DagEntry, DagsWanted, find_entry, list_dags, list_tags
from webui.api.dag_fields import described, detailed
from webui.api.frame import Fields, Routes
from webui.api.shapes import dags as shapes
from webui.context import actor, asker, condition, now, reading, web, writing
from webui.rights import needs

routes = Routes("api_dags", "/api/v2", tag="DAG")


#: More DAGs than one request changes.
_MOST: Final = 10_000


def _pause(dag_ids: list[str], is_paused: bool, session: Session) -> None:
    set_paused(session, now(), dag_ids, is_paused=is_paused, actor=actor())


def _wanted(query: shapes.DagsQuery) -> DagsWanted:
    return DagsWanted(
        tags=tuple(query.tags),
        needs_all_tags=query.tags_match_mode == "all",
        owners=tuple(query.owners),
        with_retired=not query.exclude_stale,
        has_asset_schedule=getattr(query, "has_asset_schedule", None),
        asset=getattr(query, "asset_dependency", None),
        is_favorite=getattr(query, "is_favorite", None),
        user_name=asker().name,
    )


def _listed(query: shapes.DagsQuery) -> tuple[list[DagEntry], int]:
    with reading() as session:
        return list_dags(session, query.choice(), _wanted(query), limit=query.count, offset=query.offset)


@routes.get("/dags", answers=shapes.Dags)
@needs(Right.DAG_READ)
def get_dags(query: shapes.DagsWanted) -> Fields:
    """Return the DAGs, by name or by `order_by`."""
    found, total = _listed(query)
    return {"dags": described(found), "total_entries": total}


@routes.patch("/dags", answers=shapes.Dags)
@needs(Right.DAG_EDIT)
def patch_dags(query: shapes.DagsPatched, body: shapes.DagPatch) -> Fields:
    """Pause or resume all DAGs that the parameters choose; none without a pattern of their ids."""
    if query.dag_id_pattern is None and query.dag_id_prefix_pattern is None:
        return {"dags": [], "total_entries": 0}
    with reading() as session:
        found, total = list_dags(session, query.choice(), _wanted(query), limit=_MOST)
    if total > _MOST:
        raise TooMany("DAGs", _MOST)
    dag_ids = [each.dag_id for each in found]
    writing(partial(_pause, dag_ids, body.is_paused))
    with reading() as session:
        shown = [find_entry(session, dag_id) for dag_id in query.part(dag_ids)]
    return {"dags": described(shown), "total_entries": total}


@routes.get("/dags/<dag_id>", answers=shapes.Dag)
@needs(Right.DAG_READ)
def get_dag(dag_id: str) -> Fields:
    """Return one DAG."""
    with reading() as session:
        found = find_entry(session, dag_id)
    return described([found])[0]


@routes.get("/dags/<dag_id>/details", answers=shapes.DagDetails)
@needs(Right.DAG_READ)
def get_dag_details(dag_id: str) -> Fields:
    """Return one DAG with all that its file says of it."""
    with reading() as session:
        found = find_entry(session, dag_id)
    return detailed(found)


@routes.patch("/dags/<dag_id>", answers=shapes.Dag)
@needs(Right.DAG_EDIT)
def patch_dag(dag_id: str, query: shapes.DagMask, body: shapes.DagPatch) -> Fields:
    """Pause a DAG or resume it."""
    writing(partial(_pause, [dag_id], body.is_paused))
    return get_dag(dag_id)


@routes.delete("/dags/<dag_id>")
@needs(Right.DAG_EDIT)
def delete_dag(dag_id: str) -> None:
    """Delete a DAG with all its history. While its file is there, it comes back without."""
    delete.delete_dag(web().db, now(), dag_id, condition=condition(), actor=actor())


@routes.post("/dags/<dag_id>/favorite", status=204)
@needs(Right.DAG_READ)
def favorite_dag(dag_id: str) -> None:
    """Keep a DAG as a favourite of one's own."""
    writing(partial(_keep, dag_id, True))


@routes.post("/dags/<dag_id>/unfavorite", status=204)
@needs(Right.DAG_READ)
def unfavorite_dag(dag_id: str) -> None:
    """Keep a DAG as a favourite no longer."""
    writing(partial(_keep, dag_id, False))


def _keep(dag_id: str, is_favorite: bool, session: Session) -> None:
    set_favorite(session, dag_id, asker().name, is_favorite=is_favorite)


@routes.get("/dagTags", answers=shapes.Tags)
@needs(Right.DAG_READ)
def get_dag_tags(query: shapes.TagsQuery) -> Fields:
    """Return the tags of DAGs."""
    with reading() as session:
        tags, total = list_tags(session, query.choice(), limit=query.count, offset=query.offset)
    return {"tags": tags, "total_entries": total}
