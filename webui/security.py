"""Who may come in, and what a browser may do with our pages: deny by default, on every request.

A person signs in by a link that works once (`dirigent login` prints it), or by name and password. The session
cookie holds a signed random token; its hash is in the database, so that a session ends the moment it is revoked
there. Every write by cookie carries a token derived from the session. A program carries a token of its own
(`Authorization: Bearer`), and then no cookie counts. What is public is said by endpoint, never by a path.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, url_for
from itsdangerous import BadSignature, Signer
from werkzeug.wrappers import Response as BaseResponse

from scheduler.operations.api_tokens import find_bearer, note_used
from scheduler.operations.sign_in import find_asker, note_seen
from scheduler.security.rights import NOBODY, Asker
from scheduler.store.sessions import LIFETIME, NOTED_EVERY
from webui.context import asker, now, web, writing
from webui.numbers import MOST
from webui.rights import check_rights, may
from webui.tongues.speaking import choose

#: Endpoints that answer anybody.
PUBLIC = frozenset(
    {
        "static",
        "sign_in.door",
        "sign_in.enter",
        "sign_in.prove",
        "oidc.leave_for",
        "oidc.come_back",
        "api_auth.create_token",
        "api_auth.create_token_cli",
        "api_doors.login",
        "health.health",
        "health.ready",
        "health.live",
        "languages.words",
    }
)
#: Bytes that anybody may send them: a name, a password, a token.
PUBLIC_BODY: Final = 64_000
#: Endpoints that programs read: with the token of the settings, or a session like any other.
BY_TOKEN = frozenset({"metrics.metrics", "metrics.scaling"})
#: Endpoints that answer whoever proves by a signature to know a secret; they check it themselves.
SIGNED = frozenset({"hooks.git"})
#: Without accounts the server listens on loopback, and is called by these names there.
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_SALT = "dirigent.session"


def guard(app: Flask) -> None:
    """Put the checks before, and the headers behind, every request of an application."""
    app.before_request(check_host)
    app.before_request(check_session)
    app.before_request(check_write)
    app.before_request(check_characters)
    app.before_request(check_address)
    app.before_request(check_need)
    app.after_request(add_headers)
    app.after_request(renew_cookie)
    app.context_processor(lambda: {"csrf_token": csrf_token(), "asker": asker(), "may": may})


def check_host() -> None:
    """Refuse names by which this server is not called: another site's name that was pointed at it."""
    own = urlsplit(web().base_url or "").hostname
    name = urlsplit(f"//{request.host}").hostname or ""
    if name not in {*_LOOPBACK, own} - {None} and not (web().is_public and _is_address(name)):
        abort(421)


def _is_address(name: str) -> bool:
    """Tell whether a host is called by its number, which no other site can point anywhere."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def check_session() -> BaseResponse | None:
    """Find out who asks; turn away whoever is not signed in, except at public endpoints."""
    if request.endpoint in PUBLIC:
        request.max_content_length = PUBLIC_BODY
    find_out()
    if g.looks:
        choose()
    if g.asker.is_known or request.endpoint in PUBLIC | SIGNED or _carries_token():
        return None
    if wants_data() or "Authorization" in request.headers:
        abort(401)
    target = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("sign_in.door", next=target))


def find_out() -> None:
    """Note who asks, as it stands by now; an answer that takes long asks again."""
    g.session_token, g.asker, g.looks = "", NOBODY, {}
    if "Authorization" in request.headers:
        g.asker = _bearer()
    else:
        g.session_token = read_cookie()
        g.asker = _asker_of(g.session_token) if g.session_token else NOBODY


def _bearer() -> Asker:
    """Return who carries the token of the request; nobody, where it does not count."""
    kind, _, token = request.headers["Authorization"].partition(" ")
    if kind.lower() != "bearer":
        return NOBODY
    with web().db.read() as session:
        found = find_bearer(session, now(), token.strip())
    if found is None:
        return NOBODY
    if found.is_to_be_noted:
        writing(lambda session: note_used(session, now(), found.token_id))
    return found.asker


def _carries_token() -> bool:
    """Tell whether a program asks for what it may read; without a token in the settings none may."""
    token = web().metrics_token
    if token is None or request.endpoint not in BY_TOKEN:
        return False
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _asker_of(token: str) -> Asker:
    with web().db.read() as session:
        found = find_asker(session, now(), token)
    if found is None:
        return NOBODY
    if now() - found.last_seen_at > NOTED_EVERY:
        writing(lambda session: note_seen(session, now(), token))
    g.looks = found.looks
    return found.asker


def check_need() -> None:
    """Hold what the view needs against who asks, except at public endpoints and those of programs."""
    if request.endpoint is None or request.endpoint in PUBLIC | SIGNED or not asker().is_known:
        return
    check_rights()


def wants_data() -> bool:
    """Tell whether a program asks (the page's own script, an API client), which a redirect would mislead."""
    return is_for_programs() or "X-Fragment" in request.headers


def is_for_programs() -> bool:
    """Tell whether the address is one that programs read."""
    return request.path.startswith(("/api/", "/ui/", "/auth/")) or request.endpoint in BY_TOKEN | SIGNED


def check_write() -> None:
    """Refuse a write that another site may have caused."""
    if request.method in _SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403)
    if request.endpoint in PUBLIC | SIGNED or asker().proof == "token":
        return
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not any(hmac.compare_digest(given.encode(), each.encode()) for each in _csrf_tokens()):
        abort(403)


def check_address() -> None:
    """Answer that nothing is there where an address counts further than any database does."""
    if any(isinstance(value, int) and abs(value) > MOST for value in (request.view_args or {}).values()):
        abort(404)


def check_characters() -> None:
    """Refuse the NUL character, which no id, name or text has and PostgreSQL cannot be asked for.

    A body that is signed is left alone: its signature is of what was sent, and nothing of it is asked for.
    """
    if request.endpoint in SIGNED:
        return
    given = [request.path, *request.values.keys(), *request.values.values()]
    if any("\0" in text for text in given):
        abort(400)


def csrf_token() -> str:
    """Return the token that writes of this session carry; empty for nobody."""
    return next(iter(_csrf_tokens()), "")


def _csrf_tokens() -> list[str]:
    """Return the tokens of this session under each accepted secret, the newest first; none for nobody."""
    token = g.get("session_token", "")
    message = f"csrf:{token}".encode()
    keys = web().secret.keys if token else ()
    return [hmac.new(key.encode(), message, hashlib.sha256).hexdigest() for key in keys]


def cookie_name() -> str:
    """Return the session cookie's name. Cookies ignore ports, so two servers on one host need two names."""
    return f"dirigent_{web().port}"


def _signer() -> Signer:
    oldest_first = list(reversed(web().secret.keys))
    return Signer(oldest_first, salt=_SALT, digest_method=hashlib.sha256)


def read_cookie() -> str:
    """Return the session token of the request, or nothing when there is none or it is not ours."""
    try:
        return _signer().unsign(request.cookies.get(cookie_name(), "")).decode()
    except BadSignature:
        return ""


def renew_cookie(response: Response) -> Response:
    """Sign the cookie anew that an older key signed: its owner stays signed in when that key is left out."""
    if g.get("session_token") and asker().is_known and "Set-Cookie" not in response.headers:
        signer = Signer(web().secret.keys[0], salt=_SALT, digest_method=hashlib.sha256)
        if not signer.validate(request.cookies.get(cookie_name(), "")):
            set_cookie(response, g.session_token)
    return response


def set_cookie(response: BaseResponse, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(),
        _signer().sign(token).decode(),
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure or (web().base_url or "").startswith("https:"),
    )


def safe_path(target: str | None) -> str:
    """Return a path of this site to go to; anything that could lead elsewhere becomes the first page."""
    return target if target and _PATH.fullmatch(target) else "/"


def add_headers(response: Response) -> Response:
    """Tell the browser what our pages may do; a view that needs other rules has set its own."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store" if request.endpoint in PUBLIC else "private, no-cache")
    return response
