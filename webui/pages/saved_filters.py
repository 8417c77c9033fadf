"""Filters of the lists of DAGs and runs that people keep under a name."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from scheduler.errors import BadParams, DirigentError
from scheduler.operations.saved_filters import KEYS, forget_filter, query_of, save_filter
from scheduler.security.rights import Right
from webui.context import asker, writing
from webui.fragments import is_sheet
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("saved_filters", __name__, url_prefix="/filters")


def _place() -> str:
    place = request.values.get("place", "")
    if place not in KEYS:
        raise BadParams(f"Filters are kept of {' and '.join(KEYS)}, not of {place!r}.")
    return place


@blueprint.get("/new")
@needs(Right.DAG_READ)
def form() -> str:
    """Ask for a name."""
    return _form("")


@blueprint.post("/new")
@needs(Right.DAG_READ)
def save() -> ResponseReturnValue:
    """Keep the filter, and show the list by it."""
    place, name = _place(), request.form.get("name", "").strip()
    query = query_of(place, request.form)
    try:
        writing(lambda session: save_filter(session, asker().name, place, name, query))
    except DirigentError as error:
        return _form(str(error)), 400
    return _back(place, query)


@blueprint.post("/forget")
@needs(Right.DAG_READ)
def forget() -> ResponseReturnValue:
    """Keep a filter no longer."""
    place, name = _place(), request.form.get("name", "")
    writing(lambda session: forget_filter(session, asker().name, place, name))
    return _back(place, "")


def _back(place: str, query: str) -> Response:
    address = url_for(f"{place}.show")
    return redirect(f"{address}?{query}" if query else address, 303)


def _form(problem: str) -> str:
    place = _place()
    fields = [(key, request.values[key]) for key in KEYS[place] if request.values.get(key)]
    return render_template(
        "saved_filter.html",
        as_sheet=is_sheet(),
        title=gettext("Keep this filter"),
        place_of=place,
        fields=fields,
        back=f"{url_for(f'{place}.show')}?{query_of(place, request.values)}",
        problem=problem,
        dag_id="",
    )
