"""What somebody has here themselves: their password, their sessions, their tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadParams, BadPassword, DirigentError, Forbidden
from scheduler.operations.accounts import keep_look, roles_of, set_password
from scheduler.operations.api_tokens import create_own_token, revoke_own_token
from scheduler.operations.sign_in import end_sessions, list_sessions, open_session, prove_password
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.accounts import Account, find_account
from scheduler.store.api_tokens import list_tokens
from scheduler.store.views.access import account_fields, token_fields
from webui.context import actor, asker, now, reading, web, writing
from webui.fragments import is_sheet, page
from webui.looks import LOOKS
from webui.rights import needs
from webui.security import set_cookie
from webui.tongues.speaking import gettext, ngettext

blueprint = Blueprint("account", __name__, url_prefix="/account")

_DAYS = 90


@blueprint.before_request
def check_person() -> None:
    """Refuse tokens: what leaves a program some rights is no way to the person's own things."""
    if asker().proof == "token":
        raise Forbidden("A token is not enough for this: sign in.")


@blueprint.get("")
@needs()
def show() -> Response:
    """Show who somebody is here, where they are signed in, and their tokens that count."""
    name = asker().name
    with reading() as session:
        account = _account(session)
        roles = roles_of(session, [name]).get(name, ()) if account else ()
        sessions = list_sessions(session, now(), asker(), g.session_token)
        tokens = [token_fields(each, now()) for each in list_tokens(session, name)] if account else []
    own = account_fields(account, roles) if account else None
    counting = [each for each in tokens if each["state"] == "counts"]
    has_password = account is not None and account.has_password
    return page("account.html", own=own, has_password=has_password, sessions=sessions, tokens=counting)


def _account(session: Session) -> Account | None:
    """Return the account of whoever asks; whoever came by a link has none."""
    return None if asker().proof == "link" else find_account(session, asker().name)


@blueprint.get("/password")
@needs()
def password_form() -> str:
    """Ask for the password and for another one."""
    return _form("")


@blueprint.post("/password")
@needs()
def change_password() -> ResponseReturnValue:
    """Set another password; all sessions end, and this browser has a new one."""
    given = request.form.get("new", "")
    try:
        _check_change(given)
        token = writing(lambda session: _replace_password(session, given))
    except DirigentError as error:
        return _form(str(error)), 400
    flash(gettext("Your password was changed. Elsewhere you are signed out."))
    response = redirect(url_for("account.show"), 303)
    set_cookie(response, token)
    return response


def _check_change(given: str) -> None:
    """Raise BadPassword where the old password is not right, or the new one was not typed twice."""
    _check_person("password")
    if given != request.form.get("again", ""):
        raise BadPassword(gettext("The two new passwords differ."))
    name, old = asker().name, request.form.get("old", "")
    refused = prove_password(web().db, now(), name, old, request.remote_addr or "")
    if refused is not None:
        words = (
            gettext("Too many tries. Wait a quarter of an hour.")
            if refused.is_too_often
            else gettext("That is not your password.")
        )
        raise BadPassword(words)


def _check_person(thing: str) -> None:
    if asker().proof == "link":
        raise Forbidden(f"You came by a link, which has no {thing}.")


def _replace_password(session: Session, given: str) -> str:
    set_password(session, now(), asker().name, given, actor=actor())
    return open_session(session, now(), asker().name, "password")


@blueprint.post("/looks")
@needs()
def keep() -> ResponseReturnValue:
    """Keep how somebody wants the pages to look with their account; who came by a link has their browser alone."""
    name, value = request.form.get("name", ""), request.form.get("value", "")
    if value not in LOOKS.get(name, ()):
        raise BadParams(f"{name[:40]!r} is no look of the pages, or cannot be {value[:40]!r}.")
    writing(lambda session: keep_look(session, asker(), name, value))
    return "", 204


@blueprint.post("/sessions/end")
@needs()
def end() -> ResponseReturnValue:
    """End one session of one's own, or all others."""
    chosen = request.form.get("session")

    def stop(session: Session) -> int:
        own = list_sessions(session, now(), asker(), g.session_token)
        ids = [each.id for each in own if not each.is_this and chosen in (None, each.id)]
        return end_sessions(session, now(), asker(), ids)

    count = writing(stop)
    flash(ngettext("%(num)s session ended.", "%(num)s sessions ended.", count))
    return redirect(url_for("account.show"), 303)


@blueprint.get("/tokens/new")
@needs()
def token_form() -> str:
    """Ask what a token of one's own is for."""
    return _token_form(days=_DAYS)


@blueprint.post("/tokens/new")
@needs()
def make_token() -> ResponseReturnValue:
    """Make a token of one's own, and show it this once."""
    given = request.form
    what, rights, days = given.get("name", ""), given.getlist("right"), given.get("days", type=int) or 0
    try:
        _check_person("token")
        lasts = timedelta(days=min(days, 10**6))
        made = writing(
            lambda session: create_own_token(session, now(), asker(), what, lasts=lasts, rights=rights)
        )
    except DirigentError as error:
        return _token_form(days=days, problem=str(error)), 400
    return _token_form(days=days, made=made), {"Cache-Control": "no-store"}


def _token_form(**model: Any) -> str:
    rights = [right for right in Right if asker().may(right)]
    return render_template(
        "user_token.html",
        as_sheet=is_sheet(),
        is_own=True,
        title=gettext("New token of yours"),
        rights=rights,
        **({"problem": ""} | model),
    )


@blueprint.post("/tokens/revoke")
@needs()
def revoke() -> ResponseReturnValue:
    """Let a token of one's own count no more."""
    token_id = request.form.get("token_id", type=int) or 0
    writing(lambda session: revoke_own_token(session, now(), asker().name, token_id))
    flash(gettext("Token %(id)s counts no more.", id=token_id))
    return redirect(url_for("account.show"), 303)


def _form(problem: str) -> str:
    return render_template(
        "account_password.html", as_sheet=is_sheet(), title=gettext("Change your password"), problem=problem
    )
