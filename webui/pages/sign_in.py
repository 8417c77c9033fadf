"""Coming in by a link that works once, and going out."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.operations.sign_in import sign_in, sign_out
from webui.context import asker, now, web
from webui.rights import needs
from webui.security import cookie_name, safe_path, set_cookie

blueprint = Blueprint("sign_in", __name__)

#: The one person of a server without accounts.
_OWNER = "owner"


@blueprint.get("/sign-in")
def door() -> ResponseReturnValue:
    """Show the door. Opening a link changes nothing yet: a preview of it must not use it up."""
    token, target = request.args.get("token", ""), safe_path(request.args.get("next"))
    if asker().is_known:
        return redirect(target)
    return render_template("sign_in.html", token=token, target=target, refused=False)


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Use the link up and open a session."""
    token, target = request.form.get("token", ""), safe_path(request.form.get("next"))
    with web().db.write() as session:
        fresh = sign_in(session, now(), token, _OWNER)
    if fresh is None:
        return render_template("sign_in.html", token="", target=target, refused=True), 403
    response = redirect(target, 303)
    set_cookie(response, fresh)
    return response


@blueprint.post("/sign-out")
@needs()
def leave() -> ResponseReturnValue:
    """End the session, here and on the server."""
    with web().db.write() as session:
        sign_out(session, now(), g.session_token)
    response = redirect(url_for("sign_in.door"), 303)
    response.delete_cookie(cookie_name())
    return response
