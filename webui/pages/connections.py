"""Connections: how other systems are reached. Passwords go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadConnection, BadName, BadParams, Conflict, Forbidden, NotFound, TooMuchAtOnce
from scheduler.logs.masking import MASK, masked_json, unmasked_json
from scheduler.operations.connections import remove_connection, set_connection
from scheduler.security.rights import Right
from scheduler.store.connections import Connection, get_connection, list_connections
from scheduler.store.engine import Session
from scheduler.store.teams import teams_of
from webui.context import actor, now, reading, web, writing
from webui.errors import status_of
from webui.filters import command
from webui.fragments import is_sheet, page
from webui.owning import check_owned, give_to
from webui.pages.variables import readers_of
from webui.rights import may, needs
from webui.tongues.speaking import gettext, marked
from webui.trying import RIGHTS, try_out

blueprint = Blueprint("connections", __name__)

_REFUSALS: Final = (BadName, BadConnection, BadParams, Forbidden, Conflict, NotFound)
#: Types that people choose from, with what their fields are called; any other can be typed.
TYPES: Final = {
    "postgres": {"schema": marked("Database")},
    "mysql": {"schema": marked("Database")},
    "sqlite": {"host": marked("File")},
    "http": {"schema": marked("http or https"), "host": marked("Address")},
    "ssh": {},
    "ftp": {},
    "smtp": {},
    "aws": {"login": marked("Access key id"), "password": marked("Secret access key")},
    "google_cloud_platform": {"extra": marked("Extra (project, key file) as JSON")},
    "redis": {"schema": marked("Database number")},
    "generic": {},
}
_FIELDS: Final = ("conn_type", "host", "schema", "login", "description")


@blueprint.get("/connections")
@needs(Right.CONNECTION_READ)
def show() -> Response:
    """List them, with the DAG files that read them."""
    text = request.args.get("q", "").strip()[:200]
    with reading() as session:
        rows = [each for each in list_connections(session) if text.lower() in each.conn_id.lower()]
        teams = teams_of(session, "connection", [each.conn_id for each in rows])
        readers = readers_of(session)
    return page("connections.html", rows=rows, teams=teams, readers=readers, text=text)


@blueprint.get("/connections/form")
@needs(Right.CONNECTION_EDIT)
def form() -> str:
    """Ask for a connection, new or as it is."""
    conn_id = request.args.get("conn_id", "")
    if not conn_id:
        return _form({"conn_type": request.args.get("conn_type", "postgres")}, is_new=True)
    with reading() as session:
        found = get_connection(session, web().cipher, conn_id)
    if found is None:
        raise NotFound("connection", conn_id)
    values = {name: str(getattr(found, name)) for name in _FIELDS}
    values |= {"conn_id": conn_id, "port": str(found.port or ""), "extra": masked_json(found.extra)}
    return _form(values | {"password": MASK if found.password else ""}, is_new=False)


def _form(
    values: Mapping[str, str],
    *,
    is_new: bool,
    problem: str = "",
    trial: tuple[bool, str] | None = None,
    refusal: str = "",
) -> str:
    kind = values.get("conn_type", "")
    return render_template(
        "connection.html",
        as_sheet=is_sheet(),
        title=gettext("New connection") if is_new else gettext("Connection %(id)s", id=values["conn_id"]),
        values=values,
        is_new=is_new,
        problem=problem,
        trial=trial,
        refusal=refusal,
        may_test=web().trials is not None and may(Right.CONNECTION_TEST),
        types=list(TYPES),
        labels={name: gettext(label) for name, label in TYPES.get(kind, {}).items()},
        line=command("connections", "set", values.get("conn_id") or "CONN_ID", "--type", kind or "TYPE"),
    )


@blueprint.post("/connections/form")
@needs(Right.CONNECTION_EDIT)
def save() -> ResponseReturnValue:
    """Set it."""
    values, is_new = request.form.to_dict(), request.form.get("is_new") == "true"
    conn_id = values.get("conn_id", "").strip()

    def work(session: Session) -> None:
        is_there = check_owned(session, "connection", conn_id, Right.CONNECTION_EDIT)
        if is_there and is_new:
            raise Conflict(
                gettext("There is a connection %(id)s already: change that one.", id=repr(conn_id))
            )
        wanted = _wanted(conn_id, values, get_connection(session, web().cipher, conn_id))
        set_connection(session, now(), web().cipher, wanted, actor=actor())
        if not is_there:
            give_to(session, "connection", conn_id, Right.CONNECTION_EDIT, values.get("team_name") or None)

    try:
        writing(work)
    except _REFUSALS as error:
        return _form(_sent_back(values), is_new=is_new, problem=str(error)), 400
    flash(gettext("%(key)s is set.", key=conn_id))
    return redirect(url_for("connections.show"), 303)


@blueprint.post("/connections/test")
@needs(*RIGHTS)
def test() -> ResponseReturnValue:
    """Try it out as it stands in the form, and save nothing."""
    values = request.form.to_dict()
    conn_id, is_new = values.get("conn_id", "").strip(), values.get("is_new") == "true"
    shown = _sent_back(values)
    try:
        trial = try_out(conn_id, lambda before: _wanted(conn_id, values, before))
    except (*_REFUSALS, TooMuchAtOnce) as error:
        return _form(shown, is_new=is_new, refusal=str(error)), status_of(error)
    return _form(shown, is_new=is_new, trial=trial)


def _sent_back(values: Mapping[str, str]) -> dict[str, str]:
    """Return what the form is filled with again: all that was typed but a password, of which a mask stays."""
    shown = {name: text for name, text in values.items() if name != "password" or text == MASK}
    return {**shown, "conn_id": values.get("conn_id", "").strip()}


def _wanted(conn_id: str, values: Mapping[str, str], before: Connection | None) -> Connection:
    """Return what the form asks for; a mask leaves what it stands for as it is."""
    port, password = values.get("port", "").strip(), values.get("password", "")
    if port and not (port.isascii() and port.isdigit() and len(port) < 7):
        raise BadParams(gettext("The port %(port)s is no number.", port=repr(port[:40])))
    fields = {name: values.get(name, "").strip() for name in _FIELDS}
    old_password, old_extra = (before.password, before.extra) if before else ("", "")
    return Connection(
        conn_id=conn_id,
        port=int(port) if port else None,
        password=old_password if password == MASK else password,
        extra=unmasked_json(values.get("extra", "").strip(), old_extra),
        **fields,
    )


@blueprint.post("/connections/delete")
@needs(Right.CONNECTION_EDIT)
def delete() -> ResponseReturnValue:
    """Delete one."""
    conn_id = request.form.get("conn_id", "")

    def work(session: Session) -> None:
        check_owned(session, "connection", conn_id, Right.CONNECTION_EDIT)
        remove_connection(session, now(), conn_id, actor=actor())

    writing(work)
    flash(gettext("%(name)s was deleted.", name=conn_id))
    return redirect(url_for("connections.show"), 303)
