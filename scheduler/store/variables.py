"""Variables: named texts for DAGs, encrypted where they rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.store.ciphers import Cipher
from scheduler.store.engine import Session
from scheduler.store.tables import variable
from scheduler.store.upsert import insert_into, replacing

V = variable.c


@dataclass(frozen=True, slots=True)
class VariableRef:
    """A variable without its value."""

    key: str
    description: str
    updated_at: datetime


def get_variable(session: Session, cipher: Cipher, key: str) -> str | None:
    """Return the text of a variable, or None."""
    sealed = session.scalar(sa.select(V.value).where(V.key == key))
    return None if sealed is None else cipher.unseal(sealed)


def get_variables(session: Session, cipher: Cipher, keys: list[str]) -> dict[str, str]:
    """Return the texts of those variables that exist."""
    rows = session.execute(sa.select(V.key, V.value).where(V.key.in_(keys)))
    return {key: cipher.unseal(sealed) for key, sealed in rows}


def put_variable(
    session: Session, now: datetime, cipher: Cipher, key: str, value: str, *, description: str | None = None
) -> None:
    """Create or replace a variable; the description stays where None is given."""
    changed = ("value", "updated_at") if description is None else ("value", "updated_at", "description")
    session.execute(
        replacing(insert_into(session, variable), *changed),
        {"key": key, "value": cipher.seal(value), "description": description or "", "updated_at": now},
    )


def delete_variable(session: Session, key: str) -> bool:
    """Delete a variable; false where there was none."""
    return session.execute(sa.delete(variable).where(V.key == key)).rowcount > 0


def reseal_variables(session: Session, reseal: Callable[[bytes], bytes]) -> int:
    """Encrypt all variables anew; return how many. Raises what `reseal` raises."""
    rows = session.execute(sa.select(V.key, V.value).order_by(V.key).with_for_update()).all()
    resealed = [{"b_key": key, "b_value": reseal(sealed)} for key, sealed in rows]
    if resealed:
        statement = sa.update(variable).where(V.key == sa.bindparam("b_key"))
        session.execute(statement.values(value=sa.bindparam("b_value")), resealed)
    return len(resealed)


def list_variables(session: Session) -> list[VariableRef]:
    """Return all variables by key, without their values."""
    query = sa.select(V.key, V.description, V.updated_at).order_by(V.key)
    return [VariableRef(*row) for row in session.execute(query)]
