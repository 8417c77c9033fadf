"""Variables: search, set, delete, take out and in as JSON. What sounds secret is masked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadConf, BadName, BadParams, Conflict, Forbidden, NotFound, TooLarge
from scheduler.logs.masking import masked_variable, unmasked_variable
from scheduler.operations.conf import read_conf
from scheduler.operations.variables import remove_variable, set_variable
from scheduler.security.rights import Right
from scheduler.store.choices import Choice
from scheduler.store.dag_files import load_files
from scheduler.store.engine import Session
from scheduler.store.teams import teams_of
from scheduler.store.variables import get_variable
from scheduler.store.views.noun_lists import list_variable_texts
from webui.context import actor, now, reading, web, writing
from webui.filters import command
from webui.fragments import is_sheet, page
from webui.owning import check_owned, give_to
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("variables", __name__)

_MOST = 1_000
_REFUSALS = (BadName, TooLarge, BadParams, BadConf, Forbidden, Conflict, NotFound)


@blueprint.get("/variables")
@needs(Right.VARIABLE_READ)
def show() -> Response:
    """List them, with the DAG files that read them."""
    text = request.args.get("q", "").strip()[:200]
    choice = Choice(like={"key": text} if text else {}, order=("key",))
    with reading() as session:
        found, total = list_variable_texts(session, web().cipher, choice, limit=_MOST, offset=0)
        teams = teams_of(session, "variable", [ref.key for ref, _ in found])
        readers = readers_of(session)
    rows = [
        (ref, masked_variable(ref.key, value), teams[ref.key], readers.get(ref.key, ()))
        for ref, value in found
    ]
    return page("variables.html", rows=rows, total=total, text=text)


def readers_of(session: Session) -> Mapping[str, list[str]]:
    """Return the DAG files that read each variable, or connection as `conn:<id>`, when they were read in."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path, record in sorted(load_files(session).items()):
        for name in record.variables:
            found[name].append(path)
    return found


@blueprint.get("/variables/form")
@needs(Right.VARIABLE_EDIT)
def form() -> str:
    """Ask for a variable, new or as it is."""
    key = request.args.get("key", "")
    with reading() as session:
        found, _ = list_variable_texts(session, web().cipher, Choice(among={"key": [key]}), limit=1, offset=0)
    if key and not found:
        raise NotFound("variable", key)
    values = {"key": key}
    if found:
        values |= {"value": masked_variable(key, found[0][1]), "description": found[0][0].description}
    return _form(values, is_new=not found)


def _form(values: Mapping[str, str], *, is_new: bool, problem: str = "") -> str:
    title = gettext("New variable") if is_new else gettext("Variable %(key)s", key=values["key"])
    line = command("variables", "set", values.get("key") or "KEY", "VALUE")
    return render_template(
        "variable.html",
        as_sheet=is_sheet(),
        title=title,
        values=values,
        is_new=is_new,
        problem=problem,
        line=line,
    )


@blueprint.post("/variables/form")
@needs(Right.VARIABLE_EDIT)
def save() -> ResponseReturnValue:
    """Set it."""
    values, is_new = request.form.to_dict(), request.form.get("is_new") == "true"
    key = values.get("key", "").strip()

    def work(session: Session) -> None:
        if check_owned(session, "variable", key, Right.VARIABLE_EDIT) and is_new:
            raise Conflict(gettext("There is a variable %(key)s already: change that one.", key=repr(key)))
        write(
            session, key, values.get("value", ""), values.get("description", ""), values.get("team_name", "")
        )

    try:
        writing(work)
    except _REFUSALS as error:
        return _form({**values, "key": key}, is_new=is_new, problem=str(error)), 400
    flash(gettext("%(key)s is set.", key=key))
    return redirect(url_for("variables.show"), 303)


def write(session: Session, key: str, text: str, description: str | None, team: str = "") -> None:
    """Set a variable; a mask in its text leaves what it stands for as it is."""
    is_there = check_owned(session, "variable", key, Right.VARIABLE_EDIT)
    before = get_variable(session, web().cipher, key) or ""
    whole = unmasked_variable(key, text.replace("\r\n", "\n"), before)
    set_variable(session, now(), web().cipher, key, whole, description=description, actor=actor())
    if not is_there:
        give_to(session, "variable", key, Right.VARIABLE_EDIT, team or None)


@blueprint.post("/variables/delete")
@needs(Right.VARIABLE_EDIT)
def delete() -> ResponseReturnValue:
    """Delete one."""
    key = request.form.get("key", "")

    def work(session: Session) -> None:
        check_owned(session, "variable", key, Right.VARIABLE_EDIT)
        remove_variable(session, now(), key, actor=actor())

    writing(work)
    flash(gettext("%(name)s was deleted.", name=key))
    return redirect(url_for("variables.show"), 303)


@blueprint.get("/variables/export")
@needs(Right.VARIABLE_READ)
def take_out() -> Response:
    """Give all of them as one JSON object; what sounds secret is masked."""
    with reading() as session:
        found, _ = list_variable_texts(session, web().cipher, Choice(), limit=100_000, offset=0)
    text = json.dumps({ref.key: masked_variable(ref.key, value) for ref, value in found}, indent=2)
    headers = {"Content-Disposition": 'attachment; filename="variables.json"'}
    return Response(text, content_type="application/json", headers=headers)


@blueprint.get("/variables/import")
@needs(Right.VARIABLE_EDIT)
def ask_for_import() -> str:
    """Ask for the JSON object of an export."""
    return _import_form("")


@blueprint.post("/variables/import")
@needs(Right.VARIABLE_EDIT)
def take_in() -> ResponseReturnValue:
    """Set all that a JSON object names; those that are there are left alone, unless it is asked otherwise."""
    given = request.files.get("file")
    text = given.read() if given and given.filename else request.form.get("text", "").encode()
    overwrites = request.form.get("overwrite") == "true"
    try:
        found = read_conf(text, "the file")
        done = writing(lambda session: _take_all_in(session, found, overwrites=overwrites))
    except _REFUSALS as error:
        return _import_form(str(error)), 400
    flash(gettext("%(done)s of %(count)s variables were set.", done=done, count=len(found)))
    return redirect(url_for("variables.show"), 303)


def _take_all_in(session: Session, found: Mapping[str, object], *, overwrites: bool) -> int:
    if len(found) > _MOST:
        raise BadParams(f"{len(found):,} variables are too many at once: import at most {_MOST:,} of them.")
    done = 0
    for key, value in found.items():
        if check_owned(session, "variable", key, Right.VARIABLE_EDIT) and not overwrites:
            continue
        write(session, key, value if isinstance(value, str) else json.dumps(value), None)
        done += 1
    return done


def _import_form(problem: str) -> str:
    return render_template(
        "variables_import.html", as_sheet=is_sheet(), title=gettext("Import variables"), problem=problem
    )
