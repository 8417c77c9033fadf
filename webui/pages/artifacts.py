"""What tasks published: shown in a frame that can do nothing, or handed over as a file."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Blueprint, Response, make_response

from scheduler.security.rights import Right
from scheduler.store import artifacts
from scheduler.store.views import runs
from webui.context import reading
from webui.numbers import MOST
from webui.rights import needs

blueprint = Blueprint("artifacts", __name__)

#: What a browser shows without being able to act on it; anything else is a download.
SHOWN = frozenset(
    {
        "text/html",
        "image/svg+xml",
        "image/png",
        "image/jpeg",
        "image/gif",
        "text/plain",
        "text/csv",
        "application/json",
    }
)
#: No script, no form, no request, an origin of its own: the bytes come from user code.
_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'self'"
)

#: What no file's name needs: folders, quotes, control characters, and marks that turn the reading direction.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\"\\/]")


@blueprint.get(f"/dags/<dag_id>/runs/<run_id>/artifacts/<int(max={MOST}):artifact_id>")
@needs(Right.XCOM_READ)
def show(dag_id: str, run_id: str, artifact_id: int) -> Response:
    """Return the bytes of an artifact, disarmed."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        document = artifacts.load_artifact(session, run.id, artifact_id)
    response = make_response(document.data)
    kind = document.media_type.partition(";")[0].strip().lower()
    shown = kind in SHOWN
    response.headers["Content-Type"] = f"{kind}; charset=utf-8" if shown else "application/octet-stream"
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Content-Disposition"] = _disposition("inline" if shown else "attachment", document.name)
    return response


def _disposition(how: str, name: str) -> str:
    """Return the header that names the file: user code chose the name, in any letters, line ends included."""
    safe = _UNSAFE.sub("_", name)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='', errors='replace')}"
