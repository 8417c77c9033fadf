"""The API's document: for programs as OpenAPI, for people as a page that needs no script."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, render_template

from webui import api
from webui.api.frame.document import document
from webui.context import web
from webui.fragments import data
from webui.rights import needs

blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/openapi.json")
@needs()
def openapi() -> Response:
    """Answer the OpenAPI 3.1 document."""
    return data(**_document())


@blueprint.get("/docs")
@needs()
def docs() -> str:
    """Show the document."""
    shown = _document()
    operations = [
        {"method": method.upper(), "path": path, **each}
        for path, methods in shown["paths"].items()
        for method, each in methods.items()
    ]
    operations.sort(key=lambda each: str(each["tags"][0]))
    tags = [(tag, list(found)) for tag, found in groupby(operations, key=lambda each: each["tags"][0])]
    shapes = shown["components"]["schemas"]
    return render_template("api_docs.html", tags=tags, shapes=shapes, type_of=type_of, rows_of=rows_of)


def _document() -> dict[str, Any]:
    return _document_of(web().version)


@cache
def _document_of(version: str) -> dict[str, Any]:
    """Make it once: it is the same for everybody, and takes a second."""
    return document([each for noun in api.NOUNS for each in noun.operations], version)


def rows_of(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any], bool]]:
    """Return the fields of a shape, and whether each must be there."""
    required = schema.get("required", ())
    return [(name, inner, name in required) for name, inner in schema["properties"].items()]


def type_of(schema: dict[str, Any]) -> str:
    """Return what a schema asks for in a few words: text, number or null, list of DagRun."""
    match schema:
        case {"$ref": str(ref)}:
            return ref.rpartition("/")[2]
        case {"anyOf": list(parts)} | {"oneOf": list(parts)}:
            return " or ".join(dict.fromkeys(type_of(each) for each in parts))
        case {"enum": list(values)}:
            return " | ".join(map(str, values))
        case {"type": "array", "items": dict(items)}:
            return f"list of {type_of(items)}"
        case {"const": value}:
            return str(value)
        case {"format": str(form)}:
            return form
        case {"type": str(kind)}:
            return kind
        case _:
            return "anything"
