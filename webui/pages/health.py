"""Whether this process makes progress, for probes: names its parts, says nothing else to anybody."""

from __future__ import annotations

from flask import Blueprint, Response

from webui.context import Health, web
from webui.fragments import data

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@blueprint.get("/health/ready", endpoint="ready")
def health() -> Response:
    """Answer 200 where every part makes progress, else 503 with the parts that do not."""
    return _answer(web().monitor.health())


@blueprint.get("/health/live")
def live() -> Response:
    """Answer 503 only where a loop hangs: then a restart helps."""
    return _answer(web().monitor.liveness())


def _answer(found: Health) -> Response:
    answer = data(**found.body)
    answer.status_code = 200 if found.is_ok else 503
    return answer
