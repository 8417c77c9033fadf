"""Pages that keep themselves current: one view answers the page, its live part alone, or `304 Not Modified`.

The tag of an answer is made from the model behind it, not from its text: nothing is rendered when nothing
changed, and words such as "2 min ago", which the browser keeps current, do not count as a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask import Response, g, jsonify, make_response, render_template, request
from flask.json.provider import DefaultJSONProvider

from scheduler.wire import DagSpec
from webui.security import csrf_token
from webui.tongues.speaking import language
from webui.zones import zone_name

#: A way back travels in a cookie, of which browsers keep 4 kB.
LONGEST_UNDO: Final = 2_000
#: What is said of a deed travels beside it.
_LONGEST_NOTE: Final = 600


def page(template: str, **model: object) -> Response:
    """Answer `template`, whose live part is the template beside it in `live/`."""
    tag = tag_of(template, language(), zone_name(), csrf_token(), telling(model))
    live = request.headers.get("X-Fragment") == "live"
    if live and request.if_none_match.contains_weak(tag):
        return Response(status=304)
    g.live_tag = f'W/"{tag}"'
    response = make_response(render_template(f"live/{template}" if live else template, **model))
    if live:
        response.set_etag(tag, weak=True)
    response.headers["Vary"] = "X-Fragment"
    return response


def telling(model: Mapping[str, object]) -> dict[str, object]:
    """Return what tells one model from another: not a graph, which the id of its version beside it names."""
    return {name: value for name, value in model.items() if not isinstance(value, DagSpec)}


def data(**model: object) -> Response:
    """Answer JSON (dataclasses become objects), or `304 Not Modified`."""
    response = jsonify(model)
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


class Answer(Response):
    """An answer in UTF-8. Half a character, which JSON can hold and UTF-8 cannot, is shown as `?`."""

    def set_data(self, value: bytes | str) -> None:
        """Take a body."""
        super().set_data(value.encode(errors="replace") if isinstance(value, str) else value)


class Json(DefaultJSONProvider):
    """JSON as the API speaks it: instants in ISO 8601."""

    @staticmethod
    def default(value: Any) -> Any:  # noqa: ANN401 - the provider's own signature
        """Encode what JSON does not know."""
        return value.isoformat() if isinstance(value, datetime) else DefaultJSONProvider.default(value)


def tag_of(*parts: object) -> str:
    """Return a short name for a model: equal models, equal names."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def is_sheet() -> bool:
    """Tell whether the answer opens in a dialog over the page, and so comes without the page's frame."""
    return "X-Fragment" in request.headers


def as_note(said: str, refused: Sequence[str]) -> str:
    """Return what a page says of a deed and of what was refused in it; no more than a cookie holds."""
    text = " ".join([said, *refused]).strip()
    return text if len(text) <= _LONGEST_NOTE else f"{text[:_LONGEST_NOTE]}…"
