"""Connections. No password leaves by here, and a mask that is sent back leaves what it stands for as it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from flask import request

from scheduler.errors import AlreadyExists, BadParams, NotFound
from scheduler.logs.masking import MASK, masked_json, unmasked_json
from scheduler.operations.connection_trials import show_trial
from scheduler.operations.connections import remove_connection, set_connection
from scheduler.security.rights import Right
from scheduler.store.connections import Connection, get_connection
from scheduler.store.engine import Session
from scheduler.store.teams import teams_of
from scheduler.store.views.noun_lists import list_whole_connections
from webui.api.bulk import BulkDone, Noun, carry_out
from webui.api.frame import Fields, Routes
from webui.api.shapes import connections as shapes
from webui.context import actor, asker, now, reading, web, writing
from webui.owning import check_owned, give_to
from webui.problems import Fault, Unprocessable
from webui.rights import needs
from webui.trying import RIGHTS, have_tried_out, try_out

routes = Routes("api_connections", "/api/v2/connections", tag="Connection")

_TEXTS: Final = ("conn_type", "description", "host", "login", "schema")
_PARTS: Final = (*_TEXTS, "port", "password", "extra")
#: By which the answer to `enqueue-test` is found.
TOKEN: Final = "Airflow-Connection-Test-Token"


def _fields(session: Session, found: Sequence[Connection]) -> list[Fields]:
    teams = teams_of(session, "connection", [row.conn_id for row in found])
    return [_one(row, teams[row.conn_id]) for row in found]


def _one(row: Connection, team: str | None) -> Fields:
    return {
        "team_name": team,
        "connection_id": row.conn_id,
        "port": row.port,
        **{name: getattr(row, name) or None for name in _TEXTS},
        "conn_type": row.conn_type,
        "password": MASK if row.password else None,
        "extra": masked_json(row.extra) if row.extra else None,
    }


@routes.get("", answers=shapes.Connections)
@needs(Right.CONNECTION_READ)
def get_connections(query: shapes.ConnectionsWanted) -> Fields:
    """Return the connections, by id or by `order_by`; without their passwords."""
    with reading() as session:
        found, total = list_whole_connections(
            session, web().cipher, query.choice(), limit=query.count, offset=query.offset
        )
        return {"connections": _fields(session, found), "total_entries": total}


@routes.get("/<connection_id>", answers=shapes.Connection)
@needs(Right.CONNECTION_READ)
def get_one_connection(connection_id: str) -> Fields:
    """Return one connection, without its password."""
    with reading() as session:
        return _fields(session, [_found(session, connection_id)])[0]


def _found(session: Session, connection_id: str) -> Connection:
    found = get_connection(session, web().cipher, connection_id)
    if found is None:
        raise NotFound("connection", connection_id)
    return found


@routes.post("", answers=shapes.Connection, status=201)
@needs(Right.CONNECTION_EDIT)
def post_connection(body: shapes.ConnectionBody) -> Fields:
    """Make a connection."""

    def work(session: Session) -> None:
        if _exists(session, body.connection_id):
            raise AlreadyExists("connection", body.connection_id)
        _put(session, body, None)

    writing(work)
    return get_one_connection(body.connection_id)


@routes.patch("/<connection_id>", answers=shapes.Connection)
@needs(Right.CONNECTION_EDIT)
def patch_connection(
    connection_id: str, query: shapes.ConnectionMask, body: shapes.ConnectionPatch
) -> Fields:
    """Change a connection."""
    if body.connection_id not in (None, connection_id):
        raise BadParams(
            f"The body names connection {body.connection_id[:80]!r}, the address {connection_id!r}: it keeps its id."
        )

    def work(session: Session) -> None:
        _exists(session, connection_id)
        _change(session, _found(session, connection_id), body, query.update_mask or None)

    writing(work)
    return get_one_connection(connection_id)


@routes.delete("/<connection_id>")
@needs(Right.CONNECTION_EDIT)
def delete_connection(connection_id: str) -> None:
    """Delete a connection."""
    writing(lambda session: _delete(session, connection_id))


@routes.patch("", answers=BulkDone)
@needs(Right.CONNECTION_EDIT)
def bulk_connections(body: shapes.ConnectionsBulk) -> Fields:
    """Make, change and delete many connections."""
    return writing(partial(carry_out, noun=_NOUN, bulk=body))


@routes.post("/defaults", status=204)
@needs(Right.CONNECTION_EDIT)
def create_default_connections() -> None:
    """Make the connections that come with the server: there are none."""


@routes.post("/test", answers=shapes.ConnectionTested)
@needs(*RIGHTS)
def test_one_connection(body: shapes.ConnectionBody) -> Fields:
    """Try a connection out; what the body leaves out or masks is as it is stored. Where the settings allow it."""
    new = Connection(conn_id=body.connection_id, conn_type=body.conn_type)
    is_ok, message = try_out(body.connection_id, lambda before: _changed(before or new, body, None))
    return {"status": is_ok, "message": message}


@routes.post("/enqueue-test", answers=shapes.ConnectionTestQueued, status=202)
@needs(*RIGHTS)
def enqueue_connection_test(body: shapes.ConnectionTestBody) -> Fields:
    """Have a worker of `queue` try a connection out, from its network; the token finds the answer.

    With `commit_on_success` it is stored where it works. What the body leaves out or masks is as it is stored.
    """
    if body.executor is not None:
        raise BadParams("There are no executors to choose from: leave `executor` out, and name a `queue`.")
    new = Connection(conn_id=body.connection_id, conn_type=body.conn_type)
    token = have_tried_out(
        body.connection_id,
        lambda before: _changed(before or new, body, _PARTS),
        queue=body.queue or "default",
        is_kept=body.commit_on_success,
        team=body.team_name,
    )
    return {"token": token, "connection_id": body.connection_id, "state": "pending"}


@routes.get(
    "/enqueue-test", answers=shapes.ConnectionTestState, headers={TOKEN: "What enqueue-test answered."}
)
@needs(*RIGHTS)
def get_connection_test() -> Fields:
    """Tell how a trial stands that one has asked for: pending, running, success or failed."""
    token = request.headers.get(TOKEN, "")
    if not token:
        raise Unprocessable([Fault(("header", TOKEN), "is missing", "missing")])
    with web().db.read() as session:
        found = show_trial(session, now(), token, account=asker().name)
    return {
        "token": token,
        "connection_id": found.conn_id,
        "state": found.state,
        "result_message": found.message or None,
        "created_at": found.created_at,
    }


def _exists(session: Session, connection_id: str) -> bool:
    return check_owned(session, "connection", connection_id, Right.CONNECTION_EDIT)


def _put(session: Session, body: shapes.ConnectionBody, mask: Sequence[str] | None) -> None:
    is_new = not _exists(session, body.connection_id)
    before = get_connection(session, web().cipher, body.connection_id)
    new = Connection(conn_id=body.connection_id, conn_type=body.conn_type)
    _change(session, before or new, body, mask)
    if is_new:
        give_to(session, "connection", body.connection_id, Right.CONNECTION_EDIT, body.team_name)


def _change(
    session: Session, before: Connection, body: shapes.ConnectionPatch, mask: Sequence[str] | None
) -> None:
    set_connection(session, now(), web().cipher, _changed(before, body, mask), actor=actor())


def _changed(before: Connection, body: shapes.ConnectionPatch, mask: Sequence[str] | None) -> Connection:
    """Return a connection with what the body has of it; of a mask only what that names."""
    given = body.model_dump(by_alias=True, exclude_unset=True, exclude={"connection_id", "team_name"})
    known = {name: value for name, value in given.items() if mask is None or name in mask}
    values: dict[str, Any] = {name: getattr(before, name) for name in _PARTS}
    values |= {name: value if name == "port" else value or "" for name, value in known.items()}
    if values["password"] == MASK:
        values["password"] = before.password
    values["extra"] = unmasked_json(values["extra"], before.extra)
    return Connection(conn_id=before.conn_id, **values)


def _delete(session: Session, connection_id: str) -> None:
    _exists(session, connection_id)
    remove_connection(session, now(), connection_id, actor=actor())


_NOUN: Final[Noun[shapes.ConnectionBody]] = Noun(
    "connection", lambda body: body.connection_id, _exists, _put, _delete
)
