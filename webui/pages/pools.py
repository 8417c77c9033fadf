"""Pools: how many tasks that share something scarce run at once, and in which order the others wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadName, BadParams, Conflict, Forbidden, NotFound
from scheduler.operations.pools import remove_pool, set_pool
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.pools import DEFAULT, find_pool, list_pools
from scheduler.store.views.noun_lists import pool_load_fields, slots_by_state, waiting_order
from webui.context import actor, now, reading, writing
from webui.filters import command
from webui.fragments import is_sheet, page
from webui.owning import check_owned, give_to
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("pools", __name__)

_REFUSALS: Final = (BadName, BadParams, Conflict, Forbidden, NotFound)
_WAITING: Final = 30


@blueprint.get("/pools")
@needs(Right.POOL_READ)
def show() -> Response:
    """Show them, what takes their slots, and what waits for one, first come first."""
    with reading() as session:
        taken = slots_by_state(session)
        rows = [pool_load_fields(each, taken.get(each.name, {})) for each in list_pools(session)]
        waiting = waiting_order(session, _WAITING)
    missing = sorted(set(taken) - {row["name"] for row in rows})
    return page("pools.html", rows=rows, waiting=waiting, missing=missing, default=DEFAULT)


@blueprint.get("/pools/form")
@needs(Right.POOL_EDIT)
def form() -> str:
    """Ask for a pool, new or as it is."""
    name = request.args.get("name", "")
    with reading() as session:
        found = find_pool(session, name) if name else None
    if found is None:
        return _form({"name": name, "slots": "1"}, is_new=True)
    values = {"name": name, "slots": str(found.slots), "description": found.description}
    return _form(values | {"include_deferred": "true" if found.include_deferred else ""}, is_new=False)


def _form(values: Mapping[str, str], *, is_new: bool, problem: str = "") -> str:
    return render_template(
        "pool.html",
        as_sheet=is_sheet(),
        title=gettext("New pool") if is_new else gettext("Pool %(name)s", name=values["name"]),
        values=values,
        is_new=is_new,
        problem=problem,
        line=command("pools", "set", values.get("name") or "NAME", values.get("slots") or "1"),
    )


@blueprint.post("/pools/form")
@needs(Right.POOL_EDIT)
def save() -> ResponseReturnValue:
    """Set it."""
    values, is_new = request.form.to_dict(), request.form.get("is_new") == "true"
    name, slots = values.get("name", "").strip(), values.get("slots", "")

    def work(session: Session) -> None:
        if not (slots.isascii() and slots.isdigit() and len(slots) < 10):
            raise BadParams(f"{slots[:40]!r} slots are no whole number from 0 on.")
        is_there = check_owned(session, "pool", name, Right.POOL_EDIT)
        if is_there and is_new:
            raise Conflict(gettext("There is a pool %(name)s already: change that one.", name=repr(name)))
        counts = values.get("include_deferred") == "true"
        text = values.get("description", "")
        set_pool(session, now(), name, int(slots), description=text, include_deferred=counts, actor=actor())
        if not is_there:
            give_to(session, "pool", name, Right.POOL_EDIT, values.get("team_name") or None)

    try:
        writing(work)
    except _REFUSALS as error:
        return _form({**values, "name": name}, is_new=is_new, problem=str(error)), 400
    flash(gettext("Pool %(name)s has %(slots)s slots.", name=name, slots=slots))
    return redirect(url_for("pools.show"), 303)


@blueprint.post("/pools/delete")
@needs(Right.POOL_EDIT)
def delete() -> ResponseReturnValue:
    """Delete one; its tasks wait until it is back."""
    name = request.form.get("name", "")

    def work(session: Session) -> None:
        check_owned(session, "pool", name, Right.POOL_EDIT)
        remove_pool(session, now(), name, actor=actor())

    writing(work)
    flash(gettext("Pool %(name)s was deleted.", name=name))
    return redirect(url_for("pools.show"), 303)
