"""Tokens for name and password, and the ways in and out, as Airflow's clients ask for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.operations.api_tokens import create_token as make_token
from scheduler.operations.names import check_text
from scheduler.operations.sign_in import prove_password
from scheduler.store.api_tokens import BY_PASSWORD
from webui.api.frame import Fields, Routes
from webui.api.shapes import auth as shapes
from webui.context import now, web, writing
from webui.problems import problem
from webui.rights import needs
from webui.security import safe_path

routes = Routes("api_auth", "/auth/token", tag="Login")
#: What leads to pages, and is none of the document.
doors = Blueprint("api_doors", __name__, url_prefix="/api/v2/auth")

_LASTS: Final = timedelta(days=1)
_LASTS_FOR_CLI: Final = timedelta(hours=1)
_REFUSED: Final = "Name and password do not fit together."
_TOO_OFTEN: Final = "Too many tries. Wait a quarter of an hour."


@routes.post("", answers=shapes.Token, status=201)
def create_token(body: shapes.Proof) -> Fields | Response:
    """Return a token of a day for `username` and `password`."""
    return _make(body, _LASTS, BY_PASSWORD[0])


@routes.post("/cli", answers=shapes.Token, status=201)
def create_token_cli(body: shapes.Proof) -> Fields | Response:
    """Return a token of an hour, for a command line."""
    return _make(body, _LASTS_FOR_CLI, BY_PASSWORD[1])


def _make(proof: shapes.Proof, lasts: timedelta, what: str) -> Fields | Response:
    name = proof.username
    check_text("username", name)
    check_text("password", proof.password)
    refused = prove_password(web().db, now(), name, proof.password, request.remote_addr or "")
    if refused is not None:
        return problem(*((429, _TOO_OFTEN) if refused.is_too_often else (401, _REFUSED)))
    made = writing(lambda session: make_token(session, now(), name, what, lasts=lasts, actor=f"user:{name}"))
    return {"access_token": made.token}


@doors.get("/login")
def login() -> ResponseReturnValue:
    """Send whoever asks to the page where one signs in, and from there to `next`."""
    return redirect(url_for("sign_in.door", next=safe_path(request.args.get("next"))), 307)


@doors.get("/logout")
@needs()
def logout() -> ResponseReturnValue:
    """Send whoever asks to the page where one ends sessions and tokens: reading an address ends none."""
    return redirect(url_for("account.show"), 307)
