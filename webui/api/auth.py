"""Tokens for name and password, and the ways in and out, as Airflow's clients ask for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.errors import BadParams
from scheduler.operations.api_tokens import create_token
from scheduler.operations.names import check_text
from scheduler.operations.sign_in import prove_password
from scheduler.store.api_tokens import BY_PASSWORD
from webui.api.bodies import body
from webui.context import now, web, writing
from webui.rights import needs
from webui.security import safe_path

blueprint = Blueprint("api_auth", __name__)

_LASTS: Final = timedelta(days=1)
_LASTS_FOR_CLI: Final = timedelta(hours=1)
_REFUSED: Final = "Name and password do not fit together."
_TOO_OFTEN: Final = "Too many tries. Wait a quarter of an hour."


@blueprint.post("/auth/token")
def make() -> ResponseReturnValue:
    """Return a token of a day for `username` and `password`."""
    return _make(_LASTS, BY_PASSWORD[0])


@blueprint.post("/auth/token/cli")
def make_for_cli() -> ResponseReturnValue:
    """Return a token of an hour, for a command line."""
    return _make(_LASTS_FOR_CLI, BY_PASSWORD[1])


@blueprint.get("/api/v2/auth/login")
def login() -> ResponseReturnValue:
    """Send whoever asks to the page where one signs in, and from there to `next`."""
    return redirect(url_for("sign_in.door", next=safe_path(request.args.get("next"))), 307)


@blueprint.get("/api/v2/auth/logout")
@needs()
def logout() -> ResponseReturnValue:
    """Send whoever asks to the page where one ends sessions and tokens: reading an address ends none."""
    return redirect(url_for("account.show"), 307)


def _make(lasts: timedelta, what: str) -> ResponseReturnValue:
    given = body({"username", "password"})
    name, password = given.get("username"), given.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise BadParams("username and password must be texts.")
    check_text("username", name)
    check_text("password", password)
    refused = prove_password(web().db, now(), name, password, request.remote_addr or "")
    if refused is not None:
        status, words = (429, _TOO_OFTEN) if refused.is_too_often else (401, _REFUSED)
        return {"status": status, "detail": words}, status, {"Content-Type": "application/problem+json"}
    made = writing(
        lambda session: create_token(session, now(), name, what, lasts=lasts, actor=f"user:{name}")
    )
    return {"access_token": made.token}, 201
