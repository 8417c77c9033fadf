"""The components in every state, on one page."""

from __future__ import annotations

from flask import Blueprint, render_template

from scheduler.core.states import AttemptState, TaskState
from webui.rights import needs

blueprint = Blueprint("design", __name__)

_COLOURS = ("ok", "run", "bad", "wait", "que", "skip")


@blueprint.get("/design")
@needs()
def show() -> str:
    """Show every component."""
    states = dict.fromkeys([*map(str, TaskState), *map(str, AttemptState)])
    return render_template("design.html", states=list(states), colours=_COLOURS)
