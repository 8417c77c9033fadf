"""Writes on condition (`If-Match`): only what the caller has seen last is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, request

from scheduler.errors import BadParams, Outdated
from scheduler.store.engine import Session
from scheduler.store.transaction import hold
from webui.api.frame.answers import tag_of, written
from webui.api.frame.operations import Operation


def expect(reader: Operation | None, arguments: Mapping[str, Any]) -> None:
    """Have the next write of this request refused where what is there has another tag than `If-Match` names.

    It is asked for in the transaction of the write, and writes on condition of one address follow each other: of two
    people who change what both have read, the second is told. Raises BadParams where the address cannot be read.
    """
    if "If-Match" not in request.headers:
        return
    if reader is None or reader.answers is None:
        raise BadParams("If-Match is not possible here: no GET of this address has an ETag.")
    answers = reader.answers

    def check(session: Session) -> None:
        hold(session, request.path)
        if not request.if_match.contains(tag_of(written(answers, reader.view(**_given(reader, arguments))))):
            raise Outdated(
                "This was changed since you read it: read it again, and send the new ETag as If-Match."
            )

    g.precondition = check


def _given(reader: Operation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if reader.query is None:
        return dict(arguments)
    known = {name: request.args[name] for name in reader.query.model_fields if name in request.args}
    return {**arguments, "query": reader.query.model_validate(known)}
