"""Connections: how to reach other systems. Password and extra are encrypted where they rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.store.ciphers import Cipher
from scheduler.store.engine import Session
from scheduler.store.tables import connection
from scheduler.store.upsert import insert_into, replacing

C = connection.c
_PLAIN = ("conn_id", "conn_type", "host", "port", "schema", "login", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection. `extra` is JSON text, "" for none. Secrets stay out of its repr."""

    conn_id: str
    conn_type: str
    host: str = ""
    port: int | None = None
    schema: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    extra: str = field(default="", repr=False)
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRef:
    """A connection as lists show it: without password and extra."""

    conn_id: str
    conn_type: str
    host: str
    port: int | None
    schema: str
    login: str
    description: str
    updated_at: datetime
    has_password: bool
    has_extra: bool


def get_connection(session: Session, cipher: Cipher, conn_id: str) -> Connection | None:
    """Return a connection with its secrets, or None."""
    row = session.execute(sa.select(connection).where(C.conn_id == conn_id)).mappings().first()
    return None if row is None else connection_of(cipher, row)


def load_connections(session: Session, cipher: Cipher) -> list[Connection]:
    """Return all connections by conn_id, with their secrets."""
    rows = session.execute(sa.select(connection).order_by(C.conn_id)).mappings()
    return [connection_of(cipher, row) for row in rows]


def put_connection(session: Session, now: datetime, cipher: Cipher, wanted: Connection) -> None:
    """Create a connection or replace all of it."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _PLAIN}
    values["password"] = _sealed(cipher, wanted.password)
    values["extra"] = _sealed(cipher, wanted.extra)
    values["updated_at"] = now
    changed = [name for name in values if name != "conn_id"]
    session.execute(replacing(insert_into(session, connection), *changed), values)


def delete_connection(session: Session, conn_id: str) -> bool:
    """Delete a connection; false where there was none."""
    return session.execute(sa.delete(connection).where(C.conn_id == conn_id)).rowcount > 0


def reseal_connections(session: Session, reseal: Callable[[bytes], bytes]) -> int:
    """Encrypt the secrets of all connections anew; return how many. Raises what `reseal` raises."""
    query = sa.select(C.conn_id, C.password, C.extra).order_by(C.conn_id).with_for_update()
    resealed = [
        {"b_id": conn_id, "b_password": password and reseal(password), "b_extra": extra and reseal(extra)}
        for conn_id, password, extra in session.execute(query).all()
    ]
    if resealed:
        statement = sa.update(connection).where(C.conn_id == sa.bindparam("b_id"))
        session.execute(
            statement.values(password=sa.bindparam("b_password"), extra=sa.bindparam("b_extra")), resealed
        )
    return len(resealed)


def list_connections(session: Session) -> list[ConnectionRef]:
    """Return all connections by conn_id, without their secrets."""
    has_password, has_extra = C.password.is_not(None), C.extra.is_not(None)
    columns = [C[name] for name in _PLAIN]
    query = sa.select(
        *columns, C.updated_at, has_password.label("has_password"), has_extra.label("has_extra")
    )
    rows = session.execute(query.order_by(C.conn_id)).mappings()
    return [ConnectionRef(**dict(row)) for row in rows]


def connection_of(cipher: Cipher, row: sa.RowMapping) -> Connection:
    """Return the connection that a row holds, by names of columns: a narrowed session reads a query, no table."""
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return Connection(
        **plain, password=_unsealed(cipher, row["password"]), extra=_unsealed(cipher, row["extra"])
    )


def _sealed(cipher: Cipher, text: str) -> bytes | None:
    return cipher.seal(text) if text else None


def _unsealed(cipher: Cipher, data: bytes | None) -> str:
    return cipher.unseal(data) if data else ""
