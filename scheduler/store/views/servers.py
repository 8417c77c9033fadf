"""The processes that work and lead, as lists show them: those that are alive, and those that were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.tables import leader, worker

W = worker.c
L = leader.c


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One process. `id` is a number made of its name, as clients want one."""

    name: str
    kind: str  #: worker | scheduler
    hostname: str
    is_alive: bool
    queues: tuple[str, ...]
    slots: int
    busy: int
    version: str
    started_at: datetime | None
    stopped_at: datetime | None
    lease_until: datetime

    @property
    def id(self) -> int:
        """A number that stands for it."""
        return crc32(f"{self.kind} {self.name}".encode())


def list_servers(session: Session) -> list[ServerRow]:
    """Return workers and the leader, those that are alive first; two statements."""
    alive = sa.and_(W.stopped_at.is_(None), W.lease_until > db_now())
    columns = (W.id, W.hostname, alive, W.queues, W.slots, W.busy, W.version, W.started_at, W.stopped_at)
    workers = [
        ServerRow(name, "worker", host, bool(lives), tuple(queues), *rest)
        for name, host, lives, queues, *rest in session.execute(sa.select(*columns, W.lease_until))
    ]
    leads = sa.select(L.holder, L.lease_until > db_now(), L.lease_until).where(L.name == "scheduler")
    leaders = [
        ServerRow(
            holder, "scheduler", holder.partition(":")[0], bool(lives), (), 0, 0, "", None, None, lease_until
        )
        for holder, lives, lease_until in session.execute(leads)
    ]
    return sorted(
        [*leaders, *workers], key=lambda each: (not each.is_alive, each.kind, each.hostname, each.name)
    )
