"""Whether the server answers; says nothing else to anybody."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> dict[str, str]:
    """Answer that the page is up."""
    return {"status": "healthy"}
