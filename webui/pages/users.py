"""Users with their roles and tokens, for whoever administers the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadRole, DirigentError, NotFound
from scheduler.operations.accounts import (
    create_account,
    get_account,
    remove_account,
    roles_of,
    set_active,
    set_password,
    set_roles,
)
from scheduler.operations.api_tokens import create_token, revoke_token
from scheduler.security.rights import ROLES, Right
from scheduler.store import Session
from scheduler.store.accounts import list_accounts, list_roles
from scheduler.store.api_tokens import list_tokens
from scheduler.store.views.access import account_fields, token_fields
from webui.context import actor, now, reading, writing
from webui.filters import command
from webui.fragments import is_sheet, page
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("users", __name__, url_prefix="/users")

_DAYS = 90


@blueprint.get("")
@needs(Right.USER_EDIT)
def show() -> Response:
    """Show users, roles and tokens."""
    with reading() as session:
        found = list_accounts(session)
        given = roles_of(session, [each.name for each in found])
        own, tokens = list_roles(session), list_tokens(session)
    users = [account_fields(each, given.get(each.name, ())) for each in found]
    roles = [(name, sorted(rights)) for name, rights in [*ROLES.items(), *own.items()]]
    shown = [token_fields(each, now()) for each in tokens]
    return page("users.html", users=users, roles=roles, tokens=shown, own=own)


@blueprint.get("/new")
@needs(Right.USER_EDIT)
def form() -> str:
    """Ask who is to have an account."""
    return _form("user_new.html", gettext("New user"))


@blueprint.post("/new")
@needs(Right.USER_EDIT)
def create() -> ResponseReturnValue:
    """Create an account."""
    given = request.form
    name, roles, is_service = (
        given.get("username", "").strip(),
        given.get("roles", "").split(),
        "is_service" in given,
    )
    password = None if is_service else given.get("password", "")

    def make(session: Session) -> None:
        create_account(
            session, now(), name, roles=_some(roles), password=password, is_service=is_service, actor=actor()
        )

    return _do(
        make,
        gettext("%(name)s was created.", name=name),
        lambda problem: _form("user_new.html", gettext("New user"), problem=problem),
    )


@blueprint.get("/<username>/change")
@needs(Right.USER_EDIT)
def ask(username: str) -> str:
    """Show what may be changed of an account."""
    return _change_form(username)


@blueprint.post("/<username>/change")
@needs(Right.USER_EDIT)
def change(username: str) -> ResponseReturnValue:
    """Change roles, password, or whether somebody may come in."""
    roles, password = request.form.get("roles", "").split(), request.form.get("password", "")
    is_active = "is_active" in request.form

    def make(session: Session) -> None:
        if get_account(session, username).is_active != is_active:
            set_active(session, now(), username, is_active=is_active, actor=actor())
        if sorted(roles_of(session, [username]).get(username, ())) != sorted(roles):
            set_roles(session, now(), username, _some(roles), actor=actor())
        if password:
            set_password(session, now(), username, password, actor=actor())

    return _do(
        make, gettext("%(name)s was changed.", name=username), lambda problem: _change_form(username, problem)
    )


@blueprint.get("/<username>/delete")
@needs(Right.USER_EDIT)
def ask_deletion(username: str) -> str:
    """Show what a deletion ends."""
    with reading() as session:
        get_account(session, username)
    effect = gettext("Their sessions and tokens end at once; what they did stays on record.")
    action, back = url_for("users.delete", username=username), url_for("users.show")
    more = {"action": action, "back": back, "effect": effect, "line": command("users", "delete", username)}
    return _form(
        "confirm.html",
        gettext("Delete %(name)s", name=username),
        button=gettext("Delete the user"),
        hidden=[],
        **more,
    )


@blueprint.post("/<username>/delete")
@needs(Right.USER_EDIT)
def delete(username: str) -> ResponseReturnValue:
    """Delete an account."""
    writing(lambda session: remove_account(session, now(), username, actor=actor()))
    flash(gettext("%(name)s was deleted.", name=username))
    return redirect(url_for("users.show"), 303)


@blueprint.get("/<username>/token")
@needs(Right.USER_EDIT)
def token_form(username: str) -> str:
    """Ask what a token is for."""
    with reading() as session:
        get_account(session, username)
    return _form(
        "user_token.html", gettext("New token of %(name)s", name=username), username=username, days=_DAYS
    )


@blueprint.post("/<username>/token")
@needs(Right.USER_EDIT)
def make_token(username: str) -> ResponseReturnValue:
    """Make a token, and show it this once."""
    given = request.form
    what, rights, days = given.get("name", ""), given.getlist("right"), given.get("days", type=int) or 0
    title = gettext("New token of %(name)s", name=username)
    try:
        made = writing(
            lambda session: create_token(
                session,
                now(),
                username,
                what,
                lasts=timedelta(days=min(days, 10**6)),
                rights=rights,
                actor=actor(),
            )
        )
    except NotFound:
        raise
    except DirigentError as error:
        return _form("user_token.html", title, username=username, days=days, problem=str(error)), 400
    shown = _form("user_token.html", title, username=username, days=days, made=made)
    return shown, {"Cache-Control": "no-store"}


@blueprint.post("/tokens/<int:token_id>/revoke")
@needs(Right.USER_EDIT)
def revoke(token_id: int) -> ResponseReturnValue:
    """Let a token count no more."""
    writing(lambda session: revoke_token(session, now(), token_id, actor=actor()))
    flash(gettext("Token %(id)s counts no more.", id=token_id))
    return redirect(url_for("users.show"), 303)


def _some(roles: list[str]) -> list[str]:
    if not roles:
        raise BadRole(
            gettext("Give at least one role: %(roles)s or one of your own.", roles=", ".join(ROLES))
        )
    return roles


def _do(make: Callable[[Session], None], said: str, again: Callable[[str], str]) -> ResponseReturnValue:
    try:
        writing(make)
    except NotFound:
        raise
    except DirigentError as error:
        return again(str(error)), 400
    flash(said)
    return redirect(url_for("users.show"), 303)


def _change_form(username: str, problem: str = "") -> str:
    with reading() as session:
        account = get_account(session, username)
        roles = roles_of(session, [username]).get(username, ())
    given = request.form.get("roles", " ".join(roles))
    return _form(
        "user.html", gettext("Change %(name)s", name=username), account=account, given=given, problem=problem
    )


def _form(template: str, title: str, **model: Any) -> str:
    return render_template(
        template,
        as_sheet=is_sheet(),
        title=title,
        rights=[*Right],
        roles=[*ROLES],
        **({"problem": ""} | model),
    )
