"""The record: who came in, who was refused, who changed what."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.security.rights import Right
from scheduler.store.views.audit import KINDS, list_record
from webui.context import reading
from webui.fragments import page
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("audit", __name__)

_PAGE = 100


@blueprint.get("/audit")
@needs(Right.AUDIT_READ)
def show() -> Response:
    """Show the newest lines of the record."""
    args = request.args
    wanted = {"kind": args.get("kind", ""), "actor": args.get("actor", "")[:250]}
    with reading() as session:
        found = list_record(session, _PAGE + 1, before=args.get("before", type=number), **wanted)
    rows, has_more = found[:_PAGE], len(found) > _PAGE
    return page("audit.html", rows=rows, has_more=has_more, kinds=KINDS, **wanted)
