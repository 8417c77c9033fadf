"""What the browser's own code says, in another language than English."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from webui.fragments import data
from webui.looks import LANGUAGES
from webui.tongues.speaking import catalogue

blueprint = Blueprint("languages", __name__)


@blueprint.get("/ui/words")
def words() -> Response:
    """Return its texts; the address names what they are made of, so a browser may keep them for ever."""
    language = request.args.get("language", "")
    known = catalogue(language) if language in LANGUAGES else None
    if known is None:
        abort(404)
    answer = data(texts=known.of_browser, forms=known.forms)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
