"""Coming in by a link that works once or by name and password, and going out."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.operations.sign_in import open_session, prove_password, sign_in, sign_out
from scheduler.store.accounts import has_accounts
from webui.context import asker, now, web, writing
from webui.rights import needs
from webui.security import cookie_name, safe_path, set_cookie
from webui.tongues.speaking import gettext, marked

blueprint = Blueprint("sign_in", __name__)

_REFUSED = marked("Name and password do not fit together.")
_TOO_OFTEN = marked("Too many tries. Wait a quarter of an hour.")
_USED = marked("This link was used or is too old.")


@blueprint.get("/sign-in")
def door() -> ResponseReturnValue:
    """Show the door. Opening a link changes nothing yet: a preview of it must not use it up."""
    target = safe_path(request.args.get("next"))
    if asker().is_known:
        return redirect(target)
    return show_door(target, token=request.args.get("token", ""))


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Use the link up and open a session."""
    token, target = request.form.get("token", ""), safe_path(request.form.get("next"))
    fresh = writing(lambda session: sign_in(session, now(), token))
    if fresh is None:
        return show_door(target, problem=gettext(_USED)), 403
    return _let_in(fresh, target)


@blueprint.post("/sign-in/password")
def prove() -> ResponseReturnValue:
    """Hold name and password against the account, and open a session."""
    name, target = request.form.get("username", ""), safe_path(request.form.get("next"))
    password, address = request.form.get("password", ""), request.remote_addr or ""
    refused = prove_password(web().db, now(), name, password, address)
    if refused is not None:
        status, words = (429, gettext(_TOO_OFTEN)) if refused.is_too_often else (403, gettext(_REFUSED))
        return show_door(target, problem=words, username=name), status
    return _let_in(writing(lambda session: open_session(session, now(), name, "password")), target)


@blueprint.post("/sign-out")
@needs()
def leave() -> ResponseReturnValue:
    """End the session, here and on the server."""
    with web().db.write() as session:
        sign_out(session, now(), g.session_token)
    response = redirect(url_for("sign_in.door"), 303)
    response.delete_cookie(cookie_name())
    return response


def show_door(target: str, *, token: str = "", problem: str = "", username: str = "") -> str:
    """Return the door, with what went wrong."""
    with web().db.read() as session:
        takes_passwords = has_accounts(session)
    model = {"token": token, "target": target, "problem": problem, "username": username}
    place = web().openid
    return render_template("sign_in.html", takes_passwords=takes_passwords, place=place, **model)


def _let_in(token: str, target: str) -> ResponseReturnValue:
    response = redirect(target, 303)
    set_cookie(response, token)
    return response
