"""Sign-in by OpenID Connect, where the settings name a place for it: code flow with PKCE, state and nonce (Authlib)."""

from __future__ import annotations

import logging
from typing import Any, Final

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from scheduler.errors import DirigentError
from scheduler.operations.oidc import Identity, admit, withdraw
from scheduler.operations.sign_in import open_session
from webui.context import OpenId, now, web, writing
from webui.pages.sign_in import show_door
from webui.security import safe_path, set_cookie
from webui.tongues.speaking import gettext, marked

_LOG = logging.getLogger(__name__)

blueprint = Blueprint("oidc", __name__, url_prefix="/sign-in/oidc")

_CLIENT: Final = "dirigent.oidc"
_NEXT: Final = "oidc_next"
_FAILED: Final = marked("That sign-in did not work out. Try again; the server's log has the reason.")
#: Seconds that the other place may take.
_PATIENCE_S: Final = 10


def register(app: Flask, place: OpenId) -> None:
    """Add the way in. The place is asked for its addresses at the first sign-in, not before."""
    client = OAuth(app).register(
        "place",
        server_metadata_url=f"{place.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=place.client_id,
        client_secret=place.client_secret,
        client_kwargs={
            "scope": place.scopes,
            "code_challenge_method": "S256",
            "default_timeout": _PATIENCE_S,
        },
    )
    app.extensions[_CLIENT] = client
    app.register_blueprint(blueprint)


def _client() -> Any:  # noqa: ANN401 - Authlib has no types
    return current_app.extensions[_CLIENT]


@blueprint.get("")
def leave_for() -> ResponseReturnValue:
    """Send the browser to the place of sign-in."""
    session[_NEXT] = safe_path(request.args.get("next"))
    try:
        answer: ResponseReturnValue = _client().authorize_redirect(_callback_url())
    except (RequestException, OAuthError, ValueError) as error:
        return _refuse(error)
    return answer


@blueprint.get("/callback")
def come_back() -> ResponseReturnValue:
    """Take what the place says of whoever comes back, and open a session."""
    target = safe_path(session.pop(_NEXT, None))
    try:
        token = _client().authorize_access_token()
        who = _identity(token.get("userinfo") or {})
    except (RequestException, OAuthError, JoseError, ValueError, KeyError) as error:
        return _refuse(error)
    place = _place()
    try:
        name = writing(lambda db: admit(db, now(), who, place.roles))
    except DirigentError as error:
        writing(lambda db: withdraw(db, now(), who, place.roles))
        _LOG.warning("%s of %s was not let in: %s", who.name, who.issuer, error)
        return show_door(target, problem=str(error)), 403
    response = redirect(target, 303)
    set_cookie(response, writing(lambda db: open_session(db, now(), name, "oidc")))
    return response


def _identity(claims: dict[str, Any]) -> Identity:
    """Read who it is. Raises KeyError for claims without issuer, subject or name."""
    place = _place()
    groups = claims.get(place.groups_claim) or []
    listed = [groups] if isinstance(groups, str) else groups
    return Identity(
        str(claims["iss"]), str(claims["sub"]), str(claims[place.name_claim]), frozenset(map(str, listed))
    )


def _refuse(error: Exception) -> ResponseReturnValue:
    _LOG.warning("sign-in by OpenID Connect failed: %s: %s", type(error).__name__, error)
    return show_door("/", problem=gettext(_FAILED)), 403


def _callback_url() -> str:
    own = web().base_url
    path = url_for("oidc.come_back")
    return f"{own.rstrip('/')}{path}" if own else url_for("oidc.come_back", _external=True)


def _place() -> OpenId:
    place = web().openid
    if place is None:
        raise RuntimeError("these addresses are there only where the settings name a place")
    return place
