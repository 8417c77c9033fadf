"""The list of DAGs."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.errors import NewerForm
from scheduler.operations.saved_filters import query_of
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.bundles import find_bundle
from scheduler.store.saved_filters import list_filters
from scheduler.store.views import dags, files
from scheduler.store.views.commits import find_commit
from webui.broken import list_broken
from webui.context import asker, reading, spec_of
from webui.fragments import page
from webui.looks import look
from webui.numbers import number
from webui.rights import needs
from webui.tongues.speaking import gettext
from webui.words import schedule

blueprint = Blueprint("dags", __name__)

_PAGE = 100


def _wanted() -> dags.DagWanted:
    args = request.args
    mine = asker().name if args.get("favorites") else ""
    return dags.DagWanted(args.get("q", "")[:200], args.get("tag", ""), args.get("state", ""), mine)


def _form() -> str:
    """Return whether the list is a table or cards: as the address says, else as the reader keeps it."""
    return look("list", request.args.get("view", ""))


def _schedule(session: Session, row: dags.DagRow) -> str:
    """Return when a DAG runs, in words; one that a newer release has stored does not take the list away."""
    try:
        return schedule(spec_of(session, row.version_id))
    except NewerForm:
        return gettext("stored by a newer Dirigent")


@blueprint.get("/dags")
@needs(Right.DAG_READ)
def show() -> Response:
    """Show the DAGs that the filter leaves, a page at a time."""
    wanted, place = _wanted(), max(1, request.args.get("page", 1, type=number))
    with reading() as session:
        favorites = dags.list_favorites(session, asker().name)
        rows = dags.list_dags(session, wanted, limit=_PAGE, offset=(place - 1) * _PAGE, first=favorites)
        source = find_bundle(session)
        model = {
            "rows": rows,
            "favorites": favorites,
            "query": query_of("dags", request.args),
            "saved": list_filters(session, asker().name, "dags"),
            "counts": dags.count_by_filter(session, wanted),
            "tags": dags.list_tags(session),
            "broken": list_broken(session),
            "uncalled": files.list_uncalled(session),
            "schedules": {row.dag_id: _schedule(session, row) for row in rows},
            "source": source,
            "commit": find_commit(session, source.version if source else None),
        }
    return page("dags.html", wanted=wanted, number=place, page_size=_PAGE, form=_form(), **model)
