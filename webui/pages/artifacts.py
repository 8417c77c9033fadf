"""What tasks published: shown in a frame that can do nothing, or handed over as a file."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from scheduler.store import artifacts
from scheduler.store.views import runs
from webui.context import reading

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


@blueprint.get("/dags/<dag_id>/runs/<run_id>/artifacts/<int:artifact_id>")
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
    response.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=document.name)
    return response
