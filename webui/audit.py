"""Who wrote what through the pages and the API, and who was refused: an event each."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, Response, current_app, request

from scheduler.errors import DatabaseUnavailable
from scheduler.operations.auditing import note_request
from webui.context import asker, now, web, writing
from webui.gate import Gate

_LOG = logging.getLogger(__name__)

#: Refusals of strangers are noted so often: they must not be able to fill the database.
_BURST: Final = 50
_EVERY_S: Final = 10.0
_GATE: Final = "dirigent.audit.strangers"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED: Final = frozenset({401, 403})


def register(app: Flask) -> None:
    """Note every write and every refusal of an application."""
    app.extensions[_GATE] = Gate(_BURST, _EVERY_S)
    app.after_request(note)


def note(response: Response) -> Response:
    """Note a request that wrote or was refused. What cannot be noted is in the server's log; the answer stays."""
    is_refused = response.status_code in _REFUSED
    if request.endpoint is None or not (is_refused or request.method not in _READS):
        return response
    if not asker().is_known and not _may_note_stranger(is_refused=is_refused):
        return response
    try:
        _write("request.refused" if is_refused else "request.written", response.status_code)
    except DatabaseUnavailable:
        _LOG.exception("could not note %s %s by %s", request.method, request.endpoint, asker().name)
    return response


def _may_note_stranger(*, is_refused: bool) -> bool:
    """A browser that is not signed in is sent to the door and refused nothing; what proves itself notes itself."""
    is_worth_it = is_refused and (request.method not in _READS or "Authorization" in request.headers)
    gate: Gate = current_app.extensions[_GATE]
    return is_worth_it and gate.opens(web().clock.monotonic())


def _write(kind: str, status: int) -> None:
    who = asker()
    names = request.view_args or {}
    about = "/".join(str(names[name]) for name in sorted(names) if name != "dag_id")
    words = [
        request.method,
        request.endpoint or "",
        about,
        str(status),
        f"by {who.proof or 'nobody'}",
        _from(),
    ]
    dag_id = str(names.get("dag_id", ""))[:250]
    actor = f"user:{who.name}" if who.is_known else "stranger"
    reason = " ".join(filter(None, words))[:500]
    writing(lambda session: note_request(session, now(), kind, dag_id=dag_id, actor=actor, reason=reason))


def _from() -> str:
    return f"from {request.remote_addr}" if request.remote_addr else ""
