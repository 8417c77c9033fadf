"""A small place of sign-in that speaks OpenID Connect, on a port of its own: what the tests sign in at."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from scheduler.clock import SystemClock

SECRET = "what both of them know"
CLIENT = "dirigent"


@dataclass
class Place:
    """What the place knows, which a test may change; and what was asked of it."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    #: Signs in place of `key`, as somebody would who does not have it.
    forged_with: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        """Return where everything is."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorize(self) -> ResponseReturnValue:
        """Send the browser back with a code, as if somebody had signed in."""
        asked = request.args.to_dict()
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def token(self) -> ResponseReturnValue:
        """Give what a code stands for, once, to whoever knows the secret and began with this code."""
        asked = self.codes.pop(request.form["code"], None)
        auth = request.authorization
        if asked is None or auth is None or (auth.username, auth.password) != (CLIENT, SECRET):
            return {"error": "invalid_grant"}, 400
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        is_same = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        if not is_same or request.form["redirect_uri"] != asked["redirect_uri"]:
            return {"error": "invalid_grant"}, 400
        at = int(SystemClock().now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": asked.get("nonce")}
        header = {"alg": "RS256", "kid": "one"}
        signed = jwt.encode(header, claims | self.claims, self.forged_with or self.key)
        return {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@contextmanager
def open_place() -> Iterator[Place]:
    """Serve a place until the block ends."""
    place, app = Place(), Flask("place")
    app.add_url_rule("/.well-known/openid-configuration", "metadata", place.metadata)
    app.add_url_rule("/authorize", "authorize", place.authorize)
    app.add_url_rule("/token", "token", place.token, methods=["POST"])
    app.add_url_rule("/keys", "keys", lambda: {"keys": [place.key.as_dict(private=False)]})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    place.issuer = f"http://127.0.0.1:{server.port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
