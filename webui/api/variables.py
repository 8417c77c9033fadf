"""Variables. What sounds secret in one is masked; a mask that is sent back leaves what it stands for as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Final

from scheduler.errors import AlreadyExists, BadParams, NotFound
from scheduler.logs.masking import masked_variable, unmasked_variable
from scheduler.operations.variables import remove_variable, set_variable
from scheduler.security.rights import Right
from scheduler.store.choices import Choice
from scheduler.store.engine import Session
from scheduler.store.teams import teams_of
from scheduler.store.variables import VariableRef, get_variable
from scheduler.store.views.noun_lists import list_variable_texts
from webui.api.bulk import BulkDone, Noun, carry_out
from webui.api.frame import Fields, Routes
from webui.api.shapes import variables as shapes
from webui.context import actor, now, reading, web, writing
from webui.owning import check_owned, give_to
from webui.rights import needs

routes = Routes("api_variables", "/api/v2/variables", tag="Variable")


def _fields(session: Session, found: Sequence[tuple[VariableRef, str]]) -> list[Fields]:
    teams = teams_of(session, "variable", [row.key for row, _ in found])
    return [_one(row, text, teams[row.key]) for row, text in found]


def _one(row: VariableRef, text: str, team: str | None) -> Fields:
    return {
        "team_name": team,
        "key": row.key,
        "value": masked_variable(row.key, text),
        "description": row.description or None,
        "is_encrypted": True,
    }


@routes.get("", answers=shapes.Variables)
@needs(Right.VARIABLE_READ)
def get_variables(query: shapes.VariablesWanted) -> Fields:
    """Return the variables, by key or by `order_by`."""
    with reading() as session:
        found, total = list_variable_texts(
            session, web().cipher, query.choice(), limit=query.count, offset=query.offset
        )
        return {"variables": _fields(session, found), "total_entries": total}


@routes.get("/<path:variable_key>", answers=shapes.Variable)
@needs(Right.VARIABLE_READ)
def get_one_variable(variable_key: str) -> Fields:
    """Return one variable."""
    with reading() as session:
        found, _ = list_variable_texts(
            session, web().cipher, Choice(among={"key": [variable_key]}), limit=1, offset=0
        )
        if not found:
            raise NotFound("variable", variable_key)
        return _fields(session, found)[0]


@routes.post("", answers=shapes.Variable, status=201)
@needs(Right.VARIABLE_EDIT)
def post_variable(body: shapes.VariableBody) -> Fields:
    """Make a variable."""

    def work(session: Session) -> None:
        if _exists(session, body.key):
            raise AlreadyExists("variable", body.key)
        _put(session, body, None)

    writing(work)
    return get_one_variable(body.key)


@routes.patch("/<path:variable_key>", answers=shapes.Variable)
@needs(Right.VARIABLE_EDIT)
def patch_variable(variable_key: str, query: shapes.VariableMask, body: shapes.VariablePatch) -> Fields:
    """Change a variable."""
    if body.key not in (None, variable_key):
        raise BadParams(f"The body names variable {body.key[:80]!r}, the address {variable_key!r}.")

    def work(session: Session) -> None:
        if not _exists(session, variable_key):
            raise NotFound("variable", variable_key)
        _change(session, variable_key, body, query.update_mask or None)

    writing(work)
    return get_one_variable(variable_key)


@routes.delete("/<path:variable_key>")
@needs(Right.VARIABLE_EDIT)
def delete_variable(variable_key: str) -> None:
    """Delete a variable."""
    writing(lambda session: _delete(session, variable_key))


@routes.patch("", answers=BulkDone)
@needs(Right.VARIABLE_EDIT)
def bulk_variables(body: shapes.VariablesBulk) -> Fields:
    """Make, change and delete many variables."""
    return writing(partial(carry_out, noun=_NOUN, bulk=body))


def _exists(session: Session, key: str) -> bool:
    return check_owned(session, "variable", key, Right.VARIABLE_EDIT)


def _put(session: Session, body: shapes.VariableBody, mask: Sequence[str] | None) -> None:
    is_new = not _exists(session, body.key)
    _change(session, body.key, body, mask)
    if is_new:
        give_to(session, "variable", body.key, Right.VARIABLE_EDIT, body.team_name)


def _change(
    session: Session, key: str, body: shapes.VariableBody | shapes.VariablePatch, mask: Sequence[str] | None
) -> None:
    """Set what the body has of a variable; of a mask only what that names."""
    counting = body.model_fields_set if mask is None else body.model_fields_set & _named(mask)
    before = get_variable(session, web().cipher, key)
    text = unmasked_variable(key, _text(body), before or "") if "value" in counting else before or ""
    description = (body.description or "") if "description" in counting else None
    set_variable(session, now(), web().cipher, key, text, description=description, actor=actor())


def _named(mask: Sequence[str]) -> set[str]:
    return {"value" if each == "val" else each for each in mask}


def _text(body: shapes.VariableBody | shapes.VariablePatch) -> str:
    return body.value if isinstance(body.value, str) else json.dumps(body.value, indent=2)


def _delete(session: Session, key: str) -> None:
    _exists(session, key)
    remove_variable(session, now(), key, actor=actor())


_NOUN: Final[Noun[shapes.VariableBody]] = Noun("variable", lambda body: body.key, _exists, _put, _delete)
