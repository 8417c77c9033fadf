"""Encrypt what is stored with the newest key, so that older ones can be left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.security.encryption import FernetCipher
from scheduler.store.connections import reseal_connections
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.variables import reseal_variables


@dataclass(frozen=True, slots=True)
class Resealed:
    """How much was encrypted anew."""

    variables: int
    connections: int


def reseal(session: Session, now: datetime, cipher: FernetCipher, *, actor: str) -> Resealed:
    """Encrypt all variables and connections with the newest key, all or none. Raises Undecryptable."""
    done = Resealed(reseal_variables(session, cipher.reseal), reseal_connections(session, cipher.reseal))
    append(session, [Event(at=now, kind="secrets.resealed", actor=actor)])
    return done
