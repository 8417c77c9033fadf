"""JSON bodies of requests: an object with known fields only."""

from __future__ import annotations

from collections.abc import Collection

from flask import request

from scheduler.errors import BadParams
from scheduler.wire import Data


def body(known: Collection[str]) -> Data:
    """Return the request's JSON object. Raises BadParams for anything else, and for fields it does not know."""
    try:
        data = request.get_json(silent=True, force=True)
    except RecursionError:
        raise BadParams("The body is nested too deeply.") from None
    if not isinstance(data, dict):
        raise BadParams("The body must be a JSON object.")
    if unknown := sorted(set(data) - set(known)):
        raise BadParams(f"The body has unknown fields: {', '.join(map(repr, unknown))[:200]}.")
    return data
