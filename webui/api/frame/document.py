"""The OpenAPI 3.1 document, made of the operations that are declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from webui.api.frame.operations import Operation
from webui.api.frame.repeats import HEADER, LONGEST
from webui.problems import CONTENT_TYPE
from webui.rights import declared_by

_REF: Final = "#/components/schemas/{model}"
_ARGUMENTS: Final = {"string": {"type": "string"}, "path": {"type": "string"}, "int": {"type": "integer"}}
_DETAIL: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"$ref": _REF.format(model="Fault")}},
            ]
        },
    },
}
_FAULT: Final = {
    "type": "object",
    "required": ["type", "loc", "msg"],
    "properties": {
        "type": {"type": "string"},
        "msg": {"type": "string"},
        "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
    },
}
_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A repetition with the same key is done once, and answered as it was the first time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
}
#: What any operation may answer instead.
_PROBLEMS: Final = {
    "400": "The request cannot be carried out as it is.",
    "401": "Nobody is signed in, and no token that counts was sent.",
    "403": "Whoever asks may not do this.",
    "404": "Something that the address names does not exist.",
    "409": "The present state does not allow it.",
    "412": "It was changed since it was read (`If-Match`).",
    "422": "The request does not fit what is asked for.",
    "429": "Too much is asked at once; `Retry-After` tells when to ask again.",
    "503": "It cannot be answered for now.",
}


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the document of these operations."""
    schemas = _schemas(operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dirigent",
            "version": version,
            "description": "The API in the shape of Airflow's `/api/v2`; Dirigent's own stands under `/api/dirigent`.",
        },
        "security": [{"bearer": []}],
        "paths": _paths(operations),
        "components": {
            "schemas": {**schemas, "Problem": _DETAIL, "Fault": _FAULT},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    wanted: set[tuple[type[BaseModel], JsonSchemaMode]] = set()
    for each in operations:
        wanted |= {(each.body, "validation")} if each.body else set()
        wanted |= {(line, "serialization") for line in each.streams.values()}
    _, found = models_json_schema(sorted(wanted, key=str), ref_template=_REF)
    out: dict[str, Any] = found.get("$defs", {})
    for each in operations:
        if each.answers is not None:
            out |= _schema_of(each.answers).get("$defs", {})
            if (name := _named(each.answers)) is not None:
                out[name] = {key: value for key, value in _schema_of(each.answers).items() if key != "$defs"}
    return out


def _schema_of(answers: TypeAdapter[Any]) -> dict[str, Any]:
    return answers.json_schema(mode="serialization", ref_template=_REF)


def _named(answers: TypeAdapter[Any]) -> str | None:
    """Return the name of the shape, where it is one model."""
    title = _schema_of(answers).get("title")
    return title if isinstance(title, str) else None


def _paths(operations: Iterable[Operation]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for each in operations:
        out.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return out


def _operation(operation: Operation) -> dict[str, Any]:
    out: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_arguments(operation), *_parameters(operation), *_headers(operation)],
        "responses": {str(operation.status): _answered(operation), **_problems()},
    }
    if _is_public(operation):
        out["security"] = []
    if operation.description:
        out["description"] = operation.description
    if operation.body is not None:
        schema = {"$ref": _REF.format(model=operation.body.__name__)}
        required = not operation.body.MAY_BE_LEFT_OUT
        out["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    return out


def _is_public(operation: Operation) -> bool:
    """Tell whether nobody need be known to ask it: a view that needs nothing else says so."""
    return declared_by(operation.view) is None


def _arguments(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _ARGUMENTS[converter]}
        for name, converter in operation.arguments.items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "header", "required": True, "description": why, "schema": {"type": "string"}}
        for name, why in operation.headers.items()
    ]
    return named if operation.method == "GET" or _is_public(operation) else [*named, _KEY]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(ref_template=_REF)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _inlined(each, schema)}
        for name, each in schema["properties"].items()
    ]


def _inlined(each: Any, schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a schema with what it refers to in its place: a parameter has no definitions of its own."""
    match each:
        case {"$ref": str(ref)}:
            return _inlined(schema["$defs"][ref.rpartition("/")[2]], schema)
        case dict():
            return {name: _inlined(inner, schema) for name, inner in each.items()}
        case list():
            return [_inlined(inner, schema) for inner in each]
        case _:
            return each


def _answered(operation: Operation) -> dict[str, Any]:
    if operation.answers is None:
        return {"description": "Done; nothing is answered."}
    name = _named(operation.answers)
    schema = {"$ref": _REF.format(model=name)} if name else _bare(_schema_of(operation.answers))
    lines = {
        kind: {"schema": {"$ref": _REF.format(model=line.__name__)}}
        for kind, line in operation.streams.items()
    }
    return {"description": operation.summary, "content": {"application/json": {"schema": schema}, **lines}}


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "$defs"}


def _problems() -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {status: {"description": why, "content": content} for status, why in _PROBLEMS.items()}
