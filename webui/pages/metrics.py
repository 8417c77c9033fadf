"""Metrics for Prometheus and figures for autoscalers: for whoever is signed in, or carries the token."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.security.rights import Right
from webui.context import web
from webui.fragments import data
from webui.rights import needs

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@needs(Right.SERVER_READ)
def metrics() -> Response:
    """Return all metrics of this process in Prometheus' text form."""
    return Response(web().monitor.metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")


@blueprint.get("/scaling")
@needs(Right.SERVER_READ)
def scaling() -> Response:
    """Return what waits and runs, by queue, and how many slots that asks for."""
    return data(**web().monitor.scaling())
