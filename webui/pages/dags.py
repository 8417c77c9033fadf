"""The list of DAGs."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.store import dag_files
from scheduler.store.views import dags, files
from webui.context import reading, spec_of
from webui.fragments import page
from webui.numbers import number
from webui.words import schedule

blueprint = Blueprint("dags", __name__)

_PAGE = 100


def _wanted() -> dags.DagWanted:
    args = request.args
    return dags.DagWanted(args.get("q", "")[:200], args.get("tag", ""), args.get("state", ""))


@blueprint.get("/dags")
def show() -> Response:
    """Show the DAGs that the filter leaves, a page at a time."""
    wanted, place = _wanted(), max(1, request.args.get("page", 1, type=number))
    with reading() as session:
        rows = dags.list_dags(session, wanted, limit=_PAGE, offset=(place - 1) * _PAGE)
        model = {
            "rows": rows,
            "counts": dags.count_by_filter(session, wanted),
            "tags": dags.list_tags(session),
            "broken": dag_files.list_import_errors(session),
            "uncalled": files.list_uncalled(session),
            "schedules": {row.dag_id: schedule(spec_of(session, row.version_id)) for row in rows},
        }
    return page("dags.html", wanted=wanted, number=place, page_size=_PAGE, **model)
