"""What other programs push: a repository says that it has changed, and proves who it is by a shared secret.

GitHub, Gitea, Forgejo and Bitbucket sign the body with the secret; GitLab sends the secret itself. Nothing of the body
is read: whoever repeats an old message has the repository looked at, and no more.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, cast

from flask import Blueprint, abort, current_app, request
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from scheduler.operations.refresh import refresh_bundle
from webui.context import now, web, writing
from webui.gate import Gate

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")

#: So many messages are heard at once, and then one in so many seconds: each has a body to be read.
BURST: Final = 30
EVERY_S: Final = 2.0
_SIGNATURES: Final = ("X-Hub-Signature-256", "X-Hub-Signature")
_METHOD: Final = "sha256="
#: Of whoever proves the secret, and of strangers: they cannot have others refused.
_PROVEN: Final = "dirigent.hooks.proven"
_STRANGERS: Final = "dirigent.hooks.strangers"
#: A message is read though strangers come in crowds; a larger one not, for reading it is work.
SMALL_BYTES: Final = 256_000


_TOO_MANY: Final = "Too many messages; the repository is looked at regularly all the same."


@blueprint.record_once
def _build_gate(state: BlueprintSetupState) -> None:
    state.app.extensions |= {_PROVEN: Gate(BURST, EVERY_S), _STRANGERS: Gate(BURST, EVERY_S)}


@blueprint.post("/git")
def git() -> ResponseReturnValue:
    """Have the DAG repository looked at at once."""
    secret = web().hook_secret
    if not secret:
        abort(404)
    if (request.content_length or 0) > SMALL_BYTES and not _opens(_STRANGERS):
        return _answer(429, _TOO_MANY)
    sender = _sender(secret.encode())
    if not _opens(_STRANGERS if sender is None else _PROVEN):
        return _answer(429, _TOO_MANY)
    if sender is None:
        return _answer(
            403, "The signature is missing or wrong: the hook's secret must be DIRIGENT_DAGS_GIT_HOOK_SECRET."
        )
    writing(lambda session: refresh_bundle(session, now(), actor=f"hook:{sender}"))
    return _answer(202, "The repository is looked at.")


def _opens(gate: str) -> bool:
    return cast(Gate, current_app.extensions[gate]).opens(web().clock.monotonic())


def _sender(secret: bytes) -> str | None:
    """Return who proves to know the secret, None where nobody does."""
    token = request.headers.get("X-Gitlab-Token")
    if token is not None:
        return "gitlab" if hmac.compare_digest(token.encode(), secret) else None
    signature = next((request.headers[name] for name in _SIGNATURES if name in request.headers), "")
    if not signature.startswith(_METHOD):
        return None
    wanted = hmac.new(secret, request.get_data(), hashlib.sha256).hexdigest()
    return "git" if hmac.compare_digest(signature.removeprefix(_METHOD).encode(), wanted.encode()) else None


def _answer(status: int, sentence: str) -> ResponseReturnValue:
    return {"status": status, "detail": sentence}, status, {"Retry-After": "60"} if status == 429 else {}
