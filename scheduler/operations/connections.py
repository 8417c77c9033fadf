"""Set and delete connections, and read them from URIs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from scheduler.connection_texts import fields_of_uri
from scheduler.errors import BadConnection, NotFound
from scheduler.operations.names import check_name, is_storable
from scheduler.store.ciphers import Cipher
from scheduler.store.connections import Connection, delete_connection, get_connection, put_connection
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.transaction import request_wake

_LARGEST_PORT: Final = 65_535


def read_connection(session: Session, cipher: Cipher, conn_id: str) -> Connection:
    """Return a connection with its secrets. Raises NotFound."""
    found = get_connection(session, cipher, conn_id)
    if found is None:
        raise NotFound("connection", conn_id)
    return found


def set_connection(
    session: Session, now: datetime, cipher: Cipher, wanted: Connection, *, actor: str
) -> None:
    """Make a connection, or replace all of it. Files that read it are parsed again.

    Raises BadName, and BadConnection for a port or an extra that cannot be one.
    """
    check_connection(wanted)
    put_connection(session, now, cipher, wanted)
    append(session, [Event(at=now, kind="connection.set", actor=actor, reason=wanted.conn_id)])
    request_wake(session)


def remove_connection(session: Session, now: datetime, conn_id: str, *, actor: str) -> None:
    """Delete a connection. Raises NotFound."""
    if not delete_connection(session, conn_id):
        raise NotFound("connection", conn_id)
    append(session, [Event(at=now, kind="connection.deleted", actor=actor, reason=conn_id)])
    request_wake(session)


def note_trial(session: Session, now: datetime, conn_id: str, *, is_ok: bool, actor: str) -> None:
    """Note that a connection was tried out, and whether it works; never what was said of it."""
    reason = f"{conn_id}: {'works' if is_ok else 'does not work'}"
    append(session, [Event(at=now, kind="connection.tested", actor=actor, reason=reason)])


def read_uri(conn_id: str, uri: str, *, description: str = "") -> Connection:
    """Read a connection from a URI in Airflow's form, every part percent-encoded. Raises BadConnection."""
    return Connection(**{"conn_id": conn_id, "description": description, **fields_of_uri(conn_id, uri)})


def check_connection(wanted: Connection) -> None:
    """Raise BadName, and BadConnection for a type, port, extra or text that cannot be."""
    check_name("connection", wanted.conn_id)
    if not wanted.conn_type:
        raise BadConnection(f"Connection {wanted.conn_id!r} needs a type, such as postgres or http.")
    if wanted.port is not None and not 0 < wanted.port <= _LARGEST_PORT:
        raise BadConnection(f"The port of connection {wanted.conn_id!r} is not one of 1 to {_LARGEST_PORT}.")
    if wanted.extra and not _is_object(wanted.extra):
        raise BadConnection(f"The extra of connection {wanted.conn_id!r} is not a JSON object.")
    texts = (wanted.conn_type, wanted.host, wanted.schema, wanted.login, wanted.description)
    secrets = (
        each.replace("\0", "") for each in (wanted.password, wanted.extra)
    )  # encrypted: they may hold one
    if not all(map(is_storable, (*texts, *secrets))):
        raise BadConnection(
            f"Connection {wanted.conn_id!r} holds a NUL character or half of one, which cannot be stored."
        )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
