"""Answers: what a view returned, checked and written, with its tag."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Response, request
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from webui.api.frame.operations import Operation


def answer(operation: Operation, found: Any) -> Response:  # noqa: ANN401 - of the shape that is declared
    """Answer what a view returned. A GET has a tag, by which an unchanged answer is `304 Not Modified`."""
    if isinstance(found, Response):
        return found
    if operation.answers is None:
        return Response(status=operation.status)
    text = written(operation.answers, found)
    response = Response(text, operation.status, content_type="application/json")
    if operation.method == "GET":
        response.set_etag(tag_of(text))
        response.make_conditional(request)
    return response


def written(answers: TypeAdapter[Any], found: Any) -> bytes:  # noqa: ANN401 - of the shape that is declared
    """Return fields as JSON, checked against the shape. Half a character, which no UTF-8 holds, becomes `?`."""
    model = answers.validate_python(found)
    try:
        return answers.dump_json(model)
    except PydanticSerializationError:
        plain = answers.dump_python(answers.validate_python(_with_whole_keys(found)), mode="json")
        return json.dumps(plain, ensure_ascii=False).encode(errors="replace")


def _with_whole_keys(value: Any) -> Any:  # noqa: ANN401 - of the shape that is declared
    """Return fields whose keys hold no half of a character: pydantic writes none."""
    if isinstance(value, dict):
        keys = {
            each: each.encode(errors="replace").decode() if isinstance(each, str) else each for each in value
        }
        return {keys[each]: _with_whole_keys(inner) for each, inner in value.items()}
    return [_with_whole_keys(each) for each in value] if isinstance(value, list | tuple) else value


def tag_of(text: bytes) -> str:
    """Return the tag of an answer: equal answers, equal tags."""
    return hashlib.sha256(text).hexdigest()[:32]
